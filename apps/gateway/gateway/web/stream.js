// The live stream of notifications. EventSource cannot carry a token, so the events are read from a fetch.

import { refusal, send } from "./api.js";

const LONGEST_PAUSE = 30_000;
// Two heartbeats of the server that did not come.
const SILENCE = 35_000;

/** The events of a body as {event, data, id}, as they arrive. */
export async function* events(body) {
  let event = {};
  let rest = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const lines = (rest + read.value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        yield event;
        event = {};
        continue;
      }
      const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
      if (name) event[name] = name === "data" && "data" in event ? `${event.data}\n${value}` : value;
    }
  }
}

/** Reads the stream until `stop`, and comes back with the last id after each end. */
export class LiveStream {
  #last;
  #stopping = new AbortController();
  #wake = () => {};

  /** `arrived(notification)` for each new one, `state(name, seconds)` with live, waiting or offline. */
  constructor({ last, arrived, state, remember }) {
    Object.assign(this, { arrived, state, remember });
    this.#last = last;
    this.#stopping.signal.addEventListener("abort", () => this.#wake());
    globalThis.addEventListener("online", () => this.#wake(), { signal: this.#stopping.signal });
  }

  /** Leave the stream for good. */
  stop() {
    this.#stopping.abort();
  }

  async run() {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      let pause = 0;
      try {
        await this.#read(() => { failures = 0; });
        failures = 0;
        pause = 1000;
      } catch (error) {
        if (this.#stopping.signal.aborted || error.status === 401) return;
        failures += 1;
        const backoff = Math.min(500 * 2 ** failures, LONGEST_PAUSE) * (0.8 + 0.4 * Math.random());
        pause = Math.max(backoff, (error.wait ?? 0) * 1000);
        this.state(navigator.onLine ? "waiting" : "offline", Math.ceil(pause / 1000));
      }
      await this.#sleep(pause);
    }
  }

  async #read(opened) {
    const silence = new AbortController();
    let alarm;
    const heard = () => {
      clearTimeout(alarm);
      alarm = setTimeout(() => silence.abort(new Error("silence")), SILENCE);
    };
    const headers = { accept: "text/event-stream" };
    if (this.#last !== null) headers["last-event-id"] = this.#last;
    try {
      heard();
      const signal = AbortSignal.any([this.#stopping.signal, silence.signal]);
      const { answer, traceId } = await send("/notifications/stream", { headers, signal });
      if (!answer.ok) throw await refusal(answer, traceId);
      const pulse = new TransformStream({ transform: (chunk, out) => { heard(); out.enqueue(chunk); } });
      for await (const event of events(answer.body.pipeThrough(pulse))) {
        if (event.event === "open") {
          opened();
          this.state("live");
          this.#seen(event.id);
        } else if (event.event === "notification" && Number(event.id) > Number(this.#last ?? -1)) {
          this.#seen(event.id);
          this.arrived(JSON.parse(event.data));
        }
      }
    } finally {
      clearTimeout(alarm);
    }
  }

  #seen(id) {
    this.#last = id;
    this.remember(id);
  }

  #sleep(milliseconds) {
    if (this.#stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }
}
