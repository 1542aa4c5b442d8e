// The task list: pages, filters, and what is done to one task.

import { call } from "./api.js";
import { announce, byId, element, moment } from "./dom.js";
import { clearNotice, notice } from "./notices.js";
import { traceButton } from "./trace.js";

const PAGE = 20;
const FILTERS = { open: "pending", done: "completed", all: null };
const EMPTY = { open: "Nothing to do.", done: "Nothing is done yet.", all: "No tasks yet." };

let filter = "open";
let next = null;
let shown = new Map(); // task id to {task, traceId}
let loading = Promise.resolve();

const list = () => byId("tasks");
const rows = () => [...list().children];

/** The task with this id, when the list shows it. */
export const known = (id) => shown.get(id)?.task;

/** The task that has the focus, or undefined. */
export function focused() {
  const row = document.activeElement?.closest("#tasks > li");
  return row ? shown.get(row.dataset.id)?.task : undefined;
}

/** An empty list, before the next user. */
export function resetTasks() {
  filter = "open";
  shown = new Map();
  list().replaceChildren();
  byId("tasks-trace").replaceChildren();
}

function row({ task, traceId }) {
  const done = task.status === "completed";
  const late = !done && task.due_date && new Date(task.due_date) < new Date();
  const due = task.due_date && element("span", { class: late ? "due late" : "due" }, late ? "overdue " : "due ", moment(task.due_date));
  const check = element("button", {
    type: "button", class: "check", tabindex: "-1", "aria-pressed": String(done),
    "aria-label": done ? "Open again" : "Complete", text: done ? "✓" : "",
    onclick: () => toggle(task),
  });
  const remove = element("button", {
    type: "button", class: "quiet remove", tabindex: "-1", "aria-label": "Delete", text: "×", onclick: () => askToDelete(task),
  });
  const words = element("div", { class: "words" },
    element("span", { class: "title", text: task.title }),
    element("span", { class: "meta" }, due, task.recurring_task_id && element("span", { text: "recurring" }), traceButton(traceId)));
  return element("li", { class: done ? "task done" : "task", tabindex: "-1", "data-id": task.id }, check, words, remove);
}

function render() {
  const active = document.activeElement?.closest("#tasks > li")?.dataset.id;
  list().replaceChildren(...[...shown.values()].map(row));
  const all = rows();
  (all.find((item) => item.dataset.id === active) ?? all[0])?.setAttribute("tabindex", "0");
  if (active) all.find((item) => item.dataset.id === active)?.focus();
  byId("no-tasks").hidden = all.length > 0;
  byId("no-tasks").textContent = EMPTY[filter];
  byId("more").hidden = next === null;
  for (const button of byId("filter").children) button.setAttribute("aria-pressed", String(button.dataset.filter === filter));
}

async function page(after) {
  const query = new URLSearchParams({ limit: PAGE });
  if (FILTERS[filter]) query.set("status", FILTERS[filter]);
  if (after) query.set("after", after);
  const { data, traceId } = await call("GET", `/tasks?${query}`);
  next = data.next ?? null;
  const traces = shown;
  if (!after) shown = new Map();
  for (const task of data.items) shown.set(task.id, { task, traceId: traces.get(task.id)?.traceId });
  byId("tasks-trace").replaceChildren(traceButton(traceId));
  render();
}

async function guarded(work) {
  try {
    await work();
    return true;
  } catch (error) {
    notice(error);
    return false;
  }
}

/** Read the first page again; calls come one after another. */
export function load() {
  loading = loading.then(() => guarded(() => page(null)));
  return loading;
}

/** Complete a task, or open a completed one again. */
export function toggle(task) {
  const done = task.status === "completed";
  return guarded(async () => {
    const path = `/tasks/${task.id}`;
    const { data, traceId } = done
      ? await call("PATCH", path, { body: { status: "pending" } })
      : await call("POST", `${path}/complete`);
    clearNotice();
    shown.set(task.id, { task: data, traceId });
    render();
    announce(`${data.title}: ${done ? "open again" : "done"}`);
  });
}

/** Ask, and delete a task when the answer is yes. */
export function askToDelete(task) {
  const dialog = byId("confirm");
  byId("confirm-text").textContent = task.title;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && remove(task), { once: true });
  dialog.showModal();
}

function remove(task) {
  return guarded(async () => {
    const place = rows().findIndex((item) => item.dataset.id === task.id);
    const { traceId } = await call("DELETE", `/tasks/${task.id}`);
    clearNotice();
    shown.delete(task.id);
    byId("tasks-trace").replaceChildren(traceButton(traceId));
    render();
    const left = rows();
    focusRow(left[Math.min(place, left.length - 1)]);
    announce(`${task.title}: deleted`);
  });
}

function focusRow(item) {
  if (!item) return;
  for (const other of rows()) other.setAttribute("tabindex", other === item ? "0" : "-1");
  item.focus();
}

/** Move the focus by so many tasks; beyond the last one is the button for more. */
export function move(by) {
  const all = rows();
  const at = all.indexOf(document.activeElement?.closest("#tasks > li"));
  if (at === all.length - 1 && by > 0 && next !== null) byId("more").focus();
  else if (at === -1) focusRow(by > 0 && document.activeElement?.id !== "more" ? all[0] : all.at(-1));
  else focusRow(all[Math.max(0, Math.min(at + by, all.length - 1))]);
}

/** Show these tasks (open, done, all); without a name those that come next. */
export function show(name) {
  const names = Object.keys(FILTERS);
  filter = name ?? names[(names.indexOf(filter) + 1) % names.length];
  announce(`${filter} tasks`);
  return load();
}

/** Make filters and paging work. */
export function startTasks() {
  byId("filter").append(...Object.keys(FILTERS).map((name) =>
    element("button", { type: "button", "data-filter": name, text: name[0].toUpperCase() + name.slice(1), onclick: () => show(name) })));
  byId("more").addEventListener("click", async () => {
    const at = rows().length;
    if (await guarded(() => page(next))) focusRow(rows()[at]);
  });
}
