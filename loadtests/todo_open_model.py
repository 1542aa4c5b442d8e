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
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent.pool import Group
from geventhttpclient import HTTPClient
from locust import User, events, task

from ballast.gate.samples import COLUMNS, NO_ANSWER
from ballast.gate.schedule import Arrival, arrivals

IDLE_SECONDS = 2.0  # servers close idle connections after 5 s: a request must not race with that
TIMEOUT_SECONDS = 10.0


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
        self.tokens: list[str] = json.loads(Path(self.plan["tokens"]).read_text())
        self.connections = Connections(self.host or "")
        self.own_tasks: dict[int, list[str]] = defaultdict(list)
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
        """Start every request at its intended time and wait for the last answers."""
        schedule = arrivals(**self.plan["schedule"])
        zero = time.time() - time.perf_counter()
        begin = time.perf_counter() + 0.2
        watch = gevent.spawn(self.watch_cpu)
        gc.disable()  # a collection would start requests late; a run of minutes needs none
        for arrival in schedule:
            gevent.sleep(max(0.0, begin + arrival.at - time.perf_counter()))
            self.running.spawn(self.send, arrival, begin + arrival.at, zero)
        self.running.join()
        watch.kill()

    def send(self, arrival: Arrival, intended: float, zero: float) -> None:
        """One request; `intended` is on the performance clock, `zero` turns that to Unix time."""
        started = time.perf_counter()
        operation, method, path, body = self.request_of(arrival)
        status, answer, error = self.exchange(method, path, body, self.tokens[arrival.user])
        ended = time.perf_counter()
        task_id = ""
        if operation == "create" and 200 <= status < 300:
            try:
                task_id = str(json.loads(answer)["id"])
                self.own_tasks[arrival.user].append(task_id)
            except (ValueError, KeyError, TypeError):
                status, error = NO_ANSWER, "a success without a task id"
        self.environment.events.request.fire(
            request_type=method,
            name=operation,
            response_time=(ended - intended) * 1000,
            response_length=len(answer),
            exception=None if 200 <= status < 300 else RuntimeError(error or f"status {status}"),
            context={
                "sequence": arrival.sequence,
                "operation": operation,
                "user": arrival.user,
                "intended": round(zero + intended, 6),
                "started": round(zero + started, 6),
                "ended": round(zero + ended, 6),
                "status": status,
                "error": error.replace("\n", " ")[:200],
                "key": body["title"] if body else "",
                "task_id": task_id,
            },
        )

    def request_of(self, arrival: Arrival) -> tuple[str, str, str, dict[str, str] | None]:
        """Operation, method, path and body; a user without a task of its own lists instead."""
        own = self.own_tasks[arrival.user]
        if arrival.operation == "create":
            title = f"{self.plan['run']}-{arrival.sequence}"
            return "create", "POST", "/api/v1/tasks", {"title": title}
        if arrival.operation == "get" and own:
            return "get", "GET", f"/api/v1/tasks/{own[-1]}", None
        if arrival.operation == "complete" and own:
            return "complete", "POST", f"/api/v1/tasks/{own.pop()}/complete", None
        return "list", "GET", "/api/v1/tasks?limit=20", None

    def exchange(
        self, method: str, path: str, body: dict[str, str] | None, token: str
    ) -> tuple[int, bytes, str]:
        """Status, body and error text; status 0 when there was no whole answer."""
        client = self.connections.take()
        headers = {"authorization": f"Bearer {token}"}
        if body:
            headers["content-type"] = "application/json"
        try:
            with gevent.Timeout(TIMEOUT_SECONDS):
                response = client.request(
                    method, path, body=json.dumps(body) if body else "", headers=headers
                )
                answer = bytes(response.read())
        except (gevent.Timeout, Exception) as error:  # each failure is a sample
            client.close()
            return NO_ANSWER, b"", f"{type(error).__name__}: {error}"
        self.connections.give_back(client)
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
