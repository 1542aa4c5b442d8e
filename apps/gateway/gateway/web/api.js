// Calls to the gateway: a trace for each, a fresh token, and errors that say what to do.

import { accessToken, endSession, refreshed } from "./session.js";
import { newTraceparent } from "./trace.js";

export const ROOT = "/api/v1";
const SECONDS = 30;

/** A refusal or a missing answer; `wait` is in seconds, 0 when waiting would not help. */
export class ApiError extends Error {
  constructor(message, { status = 0, wait = 0, traceId = "" } = {}) {
    super(message);
    Object.assign(this, { status, wait, traceId });
  }
}

const WORDS = {
  401: "Your session is over. Sign in again.",
  404: "This does not exist any more. The list was changed elsewhere.",
  409: "This was changed elsewhere at the same time. Look again, then repeat it.",
  413: "This is too long to be sent.",
  503: "A service is not available now. Nothing is lost: try again in a moment.",
};

async function refusal(answer, traceId) {
  const body = await answer.json().catch(() => ({}));
  const { status } = answer;
  const wait = Number(answer.headers.get("retry-after")) || 0;
  if (status === 429) {
    const said = body.code === "too_many_requests" ? "Too many requests." : sentence(body.error);
    return new ApiError(said, { status, wait: wait || 1, traceId });
  }
  const details = body.details?.length ? `: ${body.details.join("; ")}` : "";
  const known = status >= 500 ? WORDS[503] : WORDS[status];
  return new ApiError(known ?? sentence(`${body.error ?? `error ${status}`}${details}`), { status, wait, traceId });
}

const sentence = (text = "") => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** An answer of any status; throws ApiError only when there is none. Follows a refreshed token once. */
export async function send(path, { signal = AbortSignal.timeout(SECONDS * 1000), open = false, ...options } = {}) {
  const traceparent = newTraceparent();
  const attempt = async () => {
    const headers = { ...options.headers, traceparent };
    if (!open) headers.authorization = `Bearer ${await accessToken()}`;
    return fetch(ROOT + path, { ...options, headers, signal, credentials: "omit", cache: "no-store" });
  };
  const traceId = traceparent.slice(3, 35);
  try {
    let answer = await attempt();
    if (answer.status === 401 && !open && (await refreshed())) answer = await attempt();
    if (answer.status === 401 && !open) endSession(WORDS[401]);
    return { answer, traceId: answer.headers.get("x-trace-id") ?? traceId };
  } catch (error) {
    if (error instanceof ApiError || error.name === "AbortError") throw error;
    const offline = navigator.onLine ? "The server does not answer." : "You are offline.";
    throw new ApiError(`${offline} Nothing is lost: try again when it is back.`, { traceId });
  }
}

/** The JSON of a call and its trace id; throws ApiError. `body` is sent as JSON. */
export async function call(method, path, { body, headers = {}, open = false } = {}) {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const typed = body === undefined ? headers : { ...headers, "content-type": "application/json" };
  const { answer, traceId } = await send(path, { method, headers: typed, open, ...json });
  if (!answer.ok) throw await refusal(answer, traceId);
  return { data: answer.status === 204 ? null : await answer.json(), traceId };
}

/** The error of an answer that was read by `send`. */
export { refusal };
