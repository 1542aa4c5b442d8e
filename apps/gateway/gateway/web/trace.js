// Trace ids: made here for each request, shown as the server answered them.

import { announce, element } from "./dom.js";

const SHORT = 8;

function hex(bytes) {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A new sampled W3C trace context. */
export const newTraceparent = () => `00-${hex(16)}-${hex(8)}-01`;

/** A button that shows the begin of a trace id and copies all of it; nothing without an id. */
export function traceButton(traceId) {
  if (!traceId) return null;
  const short = traceId.slice(0, SHORT);
  return element("button", {
    type: "button",
    class: "trace",
    "data-trace": traceId,
    title: `Trace ${traceId}: click to copy`,
    "aria-label": `Copy trace id ${traceId}`,
    text: short,
    onclick: (event) => copy(event.currentTarget, traceId, short),
  });
}

async function copy(button, traceId, short) {
  try {
    await navigator.clipboard.writeText(traceId);
    button.textContent = "copied";
    announce("Trace id copied");
    setTimeout(() => { button.textContent = short; }, 1500);
  } catch {
    // Without the clipboard the whole id is shown, to be marked by hand.
    button.textContent = traceId;
  }
}
