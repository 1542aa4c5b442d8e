// The page put together: who is signed in, and what they see.

import { resetChat, startChat, whenActed } from "./chat.js";
import { announce, byId } from "./dom.js";
import { startKeys } from "./keys.js";
import { clearNotice, notice } from "./notices.js";
import { startReminders, stopReminders } from "./reminders.js";
import { enter, signOut, user, whenEnded } from "./session.js";
import { known, load, resetTasks, startTasks } from "./tasks.js";

const READS = new Set(["list_tasks", "list_recurring_tasks", "set_reminder", "cancel_reminder"]);
// Several tasks may be made elsewhere at once; requests are counted.
const ELSEWHERE_MILLISECONDS = 2000;

let elsewhere = 0;

function told({ subject, task_id }) {
  announce(subject);
  if (subject !== "Task Created" || known(task_id)) return;
  clearTimeout(elsewhere);
  elsewhere = setTimeout(() => { if (!known(task_id)) load(); }, ELSEWHERE_MILLISECONDS);
}

function arrange() {
  const owner = user();
  for (const id of ["work", "who", "help", "sign-out"]) byId(id).hidden = !owner;
  byId("entry").hidden = Boolean(owner);
  byId("who").textContent = owner?.email ?? "";
  clearTimeout(elsewhere);
  resetTasks();
  resetChat();
  stopReminders();
  if (!owner) {
    byId("password").value = "";
    byId("email").focus();
    return;
  }
  byId("message").focus();
  load();
  startReminders(told);
}

async function submit(how) {
  const form = byId("credentials");
  if (!form.reportValidity()) return;
  const buttons = [...form.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  try {
    await enter(how, byId("email").value.trim(), byId("password").value);
    clearNotice();
    arrange();
  } catch (error) {
    if (error.status === 401) error.message = "The email or the password is wrong.";
    notice(error);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

byId("credentials").addEventListener("submit", (event) => {
  event.preventDefault();
  submit("login");
});
byId("register").addEventListener("click", () => submit("register"));
byId("sign-out").addEventListener("click", signOut);
whenEnded((reason) => {
  arrange();
  notice({ message: reason });
});
whenActed((tools) => { if (!tools.every((tool) => READS.has(tool))) load(); });
// Not by a form: the policy of the page lets none be sent.
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", ({ target }) => target.matches("button") && dialog.close(target.value));
}
startChat();
startTasks();
startKeys();
arrange();
