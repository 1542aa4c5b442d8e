// Elements from values. Text is always text: nothing here, or elsewhere, parses a string as HTML.

export const byId = (id) => document.getElementById(id);

/** An element with properties (class, text, on*, any attribute) and children; empty ones are left out. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") made.textContent = value;
    else if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child));
  return made;
}

/** Say it to those who hear the page. */
export function announce(text) {
  byId("announcer").textContent = text;
}

const whole = new Intl.DateTimeFormat(undefined, {
  weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** A moment on the clocks of this machine; only the time of day when it is today. */
export function moment(text, now = new Date()) {
  const when = new Date(text);
  const today = when.toDateString() === now.toDateString();
  return element("time", { datetime: text, text: (today ? clock : whole).format(when) });
}
