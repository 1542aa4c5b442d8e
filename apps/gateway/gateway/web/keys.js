// The keyboard: every action of the page without a pointer.

import { choose } from "./chat.js";
import { byId } from "./dom.js";
import { askToDelete, focused, move, show, toggle } from "./tasks.js";

const onTask = (action) => {
  const task = focused();
  if (task) action(task);
};

const KEYS = {
  "/": () => byId("message").focus(),
  "?": () => byId("keys").showModal(),
  j: () => move(1),
  k: () => move(-1),
  x: () => onTask(toggle),
  Delete: () => onTask(askToDelete),
  f: () => show(),
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("work").hidden) return;
  if (document.querySelector("dialog[open]")) return;
  const field = event.target.closest("input");
  if (event.key === "Escape") {
    event.target.blur();
    return;
  }
  if (/^[1-9]$/.test(event.key) && !field?.value && choose(Number(event.key))) {
    event.preventDefault();
    return;
  }
  if (field || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key](event);
}

/** Listen to the keyboard. */
export function startKeys() {
  document.addEventListener("keydown", pressed);
  byId("help").addEventListener("click", KEYS["?"]);
}
