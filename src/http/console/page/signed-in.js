// Hands the issuer's answer to the console's own window, and takes it out of the address at once.

const answer = Object.fromEntries(new URLSearchParams(location.search));
history.replaceState(null, "", location.pathname);
new BroadcastChannel("neokeys sign-in").postMessage(answer);
window.close();
