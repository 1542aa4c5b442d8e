// What went wrong, in words that say what to do; a wait is counted down, then the words go away.

import { byId, element } from "./dom.js";
import { traceButton } from "./trace.js";

let counting = 0;

/** Take the words away. */
export function clearNotice() {
  clearInterval(counting);
  byId("notices").replaceChildren();
}

/** Show an ApiError, or any text with `traceId` and `wait` in seconds. */
export function notice({ message, wait = 0, traceId = "" }) {
  clearNotice();
  if (!message) return;
  const words = element("span", { text: message });
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close", text: "×", onclick: clearNotice });
  byId("notices").append(element("p", { class: "notice" }, words, traceButton(traceId), close));
  if (!wait) return;
  const until = Date.now() + wait * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left <= 0) clearNotice();
    else words.textContent = `${message} Wait ${left} s.`;
  };
  tick();
  counting = setInterval(tick, 1000);
}
