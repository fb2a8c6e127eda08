// What went wrong, as the service says it: title, detail, every fault, and the id under which its log has it.

import { NoAnswer, Problem } from "../api.js";
import { SignInError } from "../code_flow.js";
import { button, el, foreign } from "../elements.js";
import { SessionEnded } from "../session.js";

let signInAgain = () => {};

// How the reader signs in over what is open.
export function setSignIn(opening) {
  signInAgain = opening;
}

// `uncertain` is what to do where no answer came to a change, and `more` what the page adds.
export function problem(error, { uncertain, onSignedIn, more } = {}) {
  return el("div", { class: "problem", role: "alert" }, parts(error, uncertain, onSignedIn), more);
}

function parts(error, uncertain, onSignedIn) {
  if (error instanceof Problem) {
    const faults = Object.entries(error.errors).flatMap(([member, sentences]) =>
      [sentences].flat().map((sentence) => el("li", {}, el("code", {}, member), " ", foreign(sentence))));
    return [
      el("p", { class: "title" }, foreign(error.message)),
      error.detail && el("p", {}, foreign(error.detail)),
      faults.length > 0 && el("ul", {}, faults),
      error.requestId && el("p", { class: "quiet" }, "Request ", el("code", {}, error.requestId)),
    ];
  }
  if (error instanceof SessionEnded) {
    return [
      el("p", { class: "title" }, error.message),
      el("p", {}, "Sign in again, and go on where you are: nothing that you typed is lost."),
      button("Sign in again", () => signInAgain(onSignedIn)),
    ];
  }
  if (error instanceof NoAnswer) {
    return [
      el("p", { class: "title" }, error.message),
      el("p", {}, uncertain ?? "Nothing was changed by this. Try again."),
    ];
  }
  if (error instanceof SignInError) return el("p", { class: "title" }, foreign(error.message));
  // A fault of this page.
  console.error(error);
  return [
    el("p", { class: "title" }, "The console itself failed."),
    el("p", {}, "Load the page again. If it comes back, report it with what the browser's console says."),
  ];
}
