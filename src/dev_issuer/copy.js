const button = document.getElementById("copy");
const token = document.getElementById("token");
token.addEventListener("focus", () => token.select());
if (navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(token.value);
    button.textContent = "Copied";
  });
}
