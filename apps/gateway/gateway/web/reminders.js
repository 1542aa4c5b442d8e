// What arrives live: reminders, and the rest of the notifications more quietly.

import { byId, element, moment } from "./dom.js";
import { known } from "./tasks.js";
import { traceButton } from "./trace.js";
import { LiveStream } from "./stream.js";

const LAST = "todo.last-notification";
const KEPT = 50;
const REMINDER = "Task Reminder";
// What the messages say around the title.
const BODIES = [/^Reminder of task \S+: (.*) \(asked for \S+\)$/s, /^Task \S+ was created: (.*)$/s];

let stream = null;

function card(notification) {
  const { subject, body, task_id, trace_id, event_time } = notification;
  const reminds = subject === REMINDER;
  const said = BODIES.map((form) => form.exec(body)?.[1]).find(Boolean);
  const title = known(task_id)?.title ?? said ?? body;
  return element("li", { class: reminds ? "news reminder" : "news" },
    element("span", { class: "subject", text: reminds ? "Reminder" : subject }),
    element("span", { class: "title", text: title }),
    element("span", { class: "meta" }, moment(event_time), traceButton(trace_id)));
}

function arrived(notification, told) {
  const list = byId("reminders");
  list.prepend(card(notification));
  while (list.children.length > KEPT) list.lastElementChild.remove();
  byId("no-reminders").hidden = true;
  told(notification);
}

const STATES = {
  connecting: () => "connecting",
  live: () => "live",
  waiting: (seconds) => `reconnecting in ${seconds} s`,
  offline: () => "offline, reconnecting when the network is back",
};

function state(name, seconds) {
  const live = byId("live");
  live.dataset.state = name;
  live.textContent = STATES[name](seconds);
}

/** Listen until `stopReminders`; `told(notification)` is called for each. */
export function startReminders(told) {
  stopReminders();
  stream = new LiveStream({
    last: sessionStorage.getItem(LAST),
    arrived: (notification) => arrived(notification, told),
    state,
    remember: (id) => sessionStorage.setItem(LAST, id),
  });
  state("connecting");
  stream.run();
}

/** Stop listening, and forget what arrived. */
export function stopReminders() {
  stream?.stop();
  stream = null;
  byId("live").textContent = "";
  byId("reminders").replaceChildren();
  byId("no-reminders").hidden = false;
}
