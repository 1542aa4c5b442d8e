// The conversation: a sentence in, what was done or a question out.

import { call } from "./api.js";
import { byId, element } from "./dom.js";
import { clearNotice, notice } from "./notices.js";
import { traceButton } from "./trace.js";

const CONVERSATION = "todo.conversation";
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

let choices = []; // buttons of the open question
let failed = null; // {text, key}: a repeat of it is the same message
let busy = false;
let acted = () => {};

/** Call `listener(tools)` after each message that did something. */
export function whenActed(listener) {
  acted = listener;
}

/** Choose the answer with this number (from 1); whether there is one. */
export function choose(number) {
  const choice = choices[number - 1];
  choice?.click();
  return Boolean(choice);
}

/** An empty conversation. */
export function resetChat() {
  choices = [];
  failed = null;
  byId("talk").replaceChildren(line("service", "Hello. Say what there is to do, for instance: add buy milk tomorrow at 9."));
  byId("message").value = "";
}

function line(who, text, ...more) {
  const name = who === "person" ? "You: " : "Todo: ";
  return element("li", { class: `line ${who}` }, element("div", { class: "bubble" }, element("span", { class: "unseen", text: name }), element("p", { text })), ...more);
}

function show(item) {
  const talk = byId("talk");
  talk.append(item);
  talk.scrollTop = talk.scrollHeight;
}

function closeQuestion() {
  for (const button of choices) button.disabled = true;
  choices = [];
}

function asked(question) {
  choices = (question.choices ?? []).map((choice, index) =>
    element("button", { type: "button", class: "choice", onclick: () => say(choice) },
      element("kbd", { text: String(index + 1) }), element("span", { text: choice })));
  return choices.length > 0 && element("div", { class: "choices", role: "group", "aria-label": "Answers" }, ...choices);
}

/** Send a message and show what came of it. */
export async function say(text) {
  if (busy || !text) return;
  busy = true;
  closeQuestion();
  const key = failed?.text === text ? failed.key : crypto.randomUUID();
  const conversation = sessionStorage.getItem(CONVERSATION);
  const waiting = line("person", text);
  show(waiting);
  try {
    const body = { message: text, zone, ...(conversation && { conversation_id: conversation }) };
    const { data, traceId } = await call("POST", "/chat", { body, headers: { "idempotency-key": key } });
    sessionStorage.setItem(CONVERSATION, data.conversation_id);
    failed = null;
    clearNotice();
    const tools = data.actions.map((action) => action.tool);
    const meta = element("p", { class: "meta" }, tools.length > 0 && element("span", { text: tools.join(", ").replaceAll("_", " ") }), traceButton(traceId));
    const question = data.question;
    show(line("service", question?.choices?.length ? question.text : data.reply, question && asked(question), meta));
    byId("message").focus();
    if (tools.length > 0) acted(tools);
  } catch (error) {
    failed = { text, key };
    waiting.remove();
    byId("message").value ||= text;
    notice(error);
  } finally {
    busy = false;
  }
}

/** Make the form work. */
export function startChat() {
  const field = byId("message");
  byId("say").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (busy || !text) return;
    field.value = "";
    say(text);
  });
}
