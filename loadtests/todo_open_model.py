"""Users of the Todo API as an open model: requests start when they are due, whatever came before.

Run by the gate, which writes the plan: `BALLAST_LOAD_PLAN=plan.json locust -f this --headless`.
A closed model waits for slow answers and so hides them. Here every request has an intended start;
its latency counts from there. One CSV row is written for each request, from Locust's own event.
"""

import csv
import gc
import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent.pool import Group
from geventhttpclient import HTTPClient
from locust import User, events, task
from todo_requests import Memory, Request

from ballast.gate.samples import COLUMNS, NO_ANSWER
from ballast.gate.schedule import Arrival, Schedule

IDLE_SECONDS = 2.0  # servers close idle connections after 5 s: a request must not race with that
TIMEOUT_SECONDS = 10.0
COLLECTION_NEEDED_SECONDS = 1200.0  # a shorter run can do without


class Connections:
    """Keep-alive connections, one request at a time on each; the most recently used goes first."""

    def __init__(self, base_url: str) -> None:
        self.url = urlsplit(base_url)
        self.idle: list[tuple[float, HTTPClient]] = []

    def take(self) -> HTTPClient:
        while self.idle:
            since, client = self.idle.pop()
            if time.monotonic() - since < IDLE_SECONDS:
                return client
            client.close()
        return HTTPClient(
            self.url.hostname or "127.0.0.1",
            self.url.port,
            connection_timeout=TIMEOUT_SECONDS,
            network_timeout=TIMEOUT_SECONDS,
        )

    def give_back(self, client: HTTPClient) -> None:
        self.idle.append((time.monotonic(), client))


class OpenModel(User):
    """One Locust user that plays all users of the plan, each request in its own greenlet."""

    def on_start(self) -> None:
        self.plan: dict[str, Any] = json.loads(Path(os.environ["BALLAST_LOAD_PLAN"]).read_text())
        self.tokens: dict[str, list[str]] = json.loads(Path(self.plan["tokens"]).read_text())
        self.schedule = Schedule.model_validate(self.plan["schedule"])
        self.connections = {name: Connections(url) for name, url in self.plan["urls"].items()}
        self.memory = {name: Memory() for name in self.plan["urls"]}
        self.running = Group()

    @task
    def play(self) -> None:
        """Play the schedule, then end the run; whatever breaks it ends it too, with exit code 1."""
        try:
            self.follow_schedule()
        except Exception:
            self.environment.process_exit_code = 1
            raise
        finally:
            self.environment.runner.quit()

    def follow_schedule(self) -> None:
        """Start every request at its intended time and wait for the last answers.

        Blocks of the old release that have not begun when the comparison is decided are left out.
        """
        planned, full = self.schedule.arrivals(), self.schedule.starts()
        zero = time.time() - time.perf_counter()
        begin = time.perf_counter() + 0.2
        self.reminders_due = zero + begin + (self.plan["reminders_due_at"] or 0.0)
        watch = gevent.spawn(self.watch_cpu)
        if full[-1] < COLLECTION_NEEDED_SECONDS:
            gc.disable()  # a collection would start requests late
        starts, block, old_until = full, 0, None
        for arrival in planned:
            segment = self.schedule.segments[arrival.segment]
            if segment.release == "old" and segment.pair > block:
                block = segment.pair
                if old_until is None and Path(self.plan["decided"]).exists():
                    old_until = block - 1
                    Path(self.plan["ended"]).write_text(str(old_until))
                    starts = self.schedule.starts(old_until)
            if segment.release == "old" and old_until is not None and segment.pair > old_until:
                continue
            intended = begin + arrival.at - full[arrival.segment] + starts[arrival.segment]
            gevent.sleep(max(0.0, intended - time.perf_counter()))
            self.running.spawn(self.send, arrival, segment.release, intended, zero)
        self.running.join()
        watch.kill()

    def send(self, arrival: Arrival, release: str, intended: float, zero: float) -> None:
        """One request; `intended` is on the performance clock, `zero` turns that to Unix time."""
        started = time.perf_counter()
        memory = self.memory[release]
        request = memory.request(arrival, self.plan["run"], self.reminders_due)
        status, answer, error = self.exchange(request, release, arrival.user)
        ended = time.perf_counter()
        task_id = ""
        if 200 <= status < 300:
            try:
                task_id = memory.succeeded(arrival, request, json.loads(answer or "{}"))
            except (ValueError, KeyError, TypeError):
                status, error = NO_ANSWER, "a success without a task id"
        self.environment.events.request.fire(
            request_type=request.method,
            name=request.operation,
            response_time=(ended - intended) * 1000,
            response_length=len(answer),
            exception=None if 200 <= status < 300 else RuntimeError(error or f"status {status}"),
            context={
                "sequence": arrival.sequence,
                "operation": request.operation,
                "user": arrival.user,
                "intended": round(zero + intended, 6),
                "started": round(zero + started, 6),
                "ended": round(zero + ended, 6),
                "status": status,
                "error": error.replace("\n", " ")[:200],
                "key": request.key,
                "task_id": task_id,
            },
        )

    def exchange(self, request: Request, release: str, user: int) -> tuple[int, bytes, str]:
        """Status, body and error text; status 0 when there was no whole answer."""
        client = self.connections[release].take()
        headers: dict[str, str] = {}
        if request.needs_token:
            headers["authorization"] = f"Bearer {self.tokens[release][user]}"
        if request.body:
            headers["content-type"] = "application/json"
        body = json.dumps(request.body) if request.body else ""
        try:
            with gevent.Timeout(TIMEOUT_SECONDS):
                response = client.request(request.method, request.path, body=body, headers=headers)
                answer = bytes(response.read())
        except (gevent.Timeout, Exception) as error:  # each failure is a sample
            client.close()
            return NO_ANSWER, b"", f"{type(error).__name__}: {error}"
        self.connections[release].give_back(client)
        return response.status_code, answer, "" if response.status_code < 400 else str(answer)

    def watch_cpu(self) -> None:
        """Each second: Unix time and CPU seconds of this process, for the saturation check."""
        with Path(self.plan["cpu"]).open("w", buffering=1) as out:
            while True:
                out.write(f"{time.time():.3f},{time.process_time():.4f}\n")
                gevent.sleep(1.0)


@events.test_start.add_listener
def write_samples(environment: Any, **_: Any) -> None:
    """Write one row for every request event; lines are flushed so that probes can read along."""
    plan = json.loads(Path(os.environ["BALLAST_LOAD_PLAN"]).read_text())
    out = Path(plan["samples"]).open("w", buffering=1, newline="")  # noqa: SIM115 - until the end
    rows = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    rows.writeheader()

    def write(context: dict[str, Any], **_: Any) -> None:
        rows.writerow(context)

    environment.events.request.add_listener(write)
    environment.events.quit.add_listener(lambda **_: out.close())
