// Who is signed in. The access token lives in memory only. The refresh token is in sessionStorage: it ends with
// the tab, no other origin reads it, and the policy of the page lets no foreign script run here.

import { ApiError, call } from "./api.js";

const KEY = "todo.session";
const EARLY_SECONDS = 60;

let access = null; // {token, until}
let renewal = null;
let timer = 0;
let ended = () => {};

const stored = () => JSON.parse(sessionStorage.getItem(KEY) ?? "null");

/** Call `listener` with a sentence when the session ends other than by signing out. */
export function whenEnded(listener) {
  ended = listener;
}

/** The user of this tab, or null. */
export const user = () => stored()?.user ?? null;

function begin(session) {
  const { refresh_token, user: owner, access_token, expires_in } = session;
  sessionStorage.setItem(KEY, JSON.stringify({ refresh_token, user: owner }));
  access = { token: access_token, until: Date.now() + expires_in * 1000 };
  clearTimeout(timer);
  const early = Math.max(expires_in - EARLY_SECONDS, expires_in / 2);
  timer = setTimeout(() => { refreshed().catch(() => {}); }, early * 1000);
  return owner;
}

/** Sign in (`login`) or make an account (`register`); throws ApiError. */
export async function enter(how, email, password) {
  const { data, traceId } = await call("POST", `/auth/${how}`, { body: { email, password }, open: true });
  return { user: begin(data), traceId };
}

/** A token that is good for a while yet; throws ApiError. */
export async function accessToken() {
  if (!access || access.until - Date.now() < 5000) await refreshed();
  if (!access) throw new ApiError("Your session is over. Sign in again.", { status: 401 });
  return access.token;
}

/** Get the next pair of tokens; whether there is one. One at a time: a refresh token works once. */
export function refreshed() {
  renewal ??= renew().finally(() => { renewal = null; });
  return renewal;
}

async function renew() {
  const known = stored();
  if (!known) return false;
  try {
    const { data } = await call("POST", "/auth/refresh", { body: { refresh_token: known.refresh_token }, open: true });
    begin(data);
    return true;
  } catch (error) {
    if (error.status !== 401) throw error;
    endSession("Your session is over. Sign in again.");
    return false;
  }
}

/** Forget the tokens, and say why. */
export function endSession(reason) {
  const was = stored();
  access = null;
  clearTimeout(timer);
  sessionStorage.clear();
  if (was) ended(reason);
}

/** End the session here and on the server. */
export async function signOut() {
  const known = stored();
  if (known) {
    const body = { refresh_token: known.refresh_token };
    await call("POST", "/auth/logout", { body, open: true }).catch(() => {});
  }
  endSession("");
}
