"""The receiver at the end of the alert route: keeps what Alertmanager sends, and tells it again.

POST /alerts?receiver=NAME takes Alertmanager's webhook. GET /alerts returns every delivery, newest
last, each with the time it arrived; `?alertname=X` keeps those that name the alert.
"""

import json
import os
import threading
import time
from collections import deque
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEPT = 1000
MAX_BYTES = 1 << 20


class Deliveries:
    """The last deliveries, in memory: a page is acted on, or it comes again."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept: deque[dict[str, Any]] = deque(maxlen=kept)
        self._lock = threading.Lock()
        self._total = 0

    def add(self, receiver: str, message: dict[str, Any]) -> dict[str, Any]:
        """Keep one webhook message with its time of arrival (UTC, and seconds since the epoch)."""
        now = time.time()
        with self._lock:
            self._total += 1
            delivery = {
                "number": self._total,
                "receivedAt": datetime.fromtimestamp(now, UTC).isoformat(),
                "receivedAtSeconds": now,
                "receiver": receiver,
                "status": message.get("status", ""),
                "alerts": message.get("alerts", []),
            }
            self._kept.append(delivery)
        return delivery

    def find(self, alertname: str = "") -> list[dict[str, Any]]:
        """Deliveries in order of arrival, those of one alert when a name is given."""
        with self._lock:
            kept = list(self._kept)
        if not alertname:
            return kept
        return [
            delivery
            for delivery in kept
            if any(a.get("labels", {}).get("alertname") == alertname for a in delivery["alerts"])
        ]


class Handler(BaseHTTPRequestHandler):
    """HTTP in front of `deliveries`, which `serve` sets on a subclass."""

    deliveries: Deliveries
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take one message from Alertmanager."""
        url = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        if url.path != "/alerts":
            self._answer(404, {"error": f"nothing at {url.path}; POST to /alerts"})
            return
        if size > MAX_BYTES:
            self.close_connection = True
            self._answer(413, {"error": f"more than {MAX_BYTES} bytes"})
            return
        try:
            message = json.loads(self.rfile.read(size))
            alerts = message["alerts"]
        except (ValueError, KeyError, TypeError):
            self._answer(400, {"error": "not an Alertmanager webhook message"})
            return
        receiver = parse_qs(url.query).get("receiver", [message.get("receiver", "")])[0]
        delivery = self.deliveries.add(receiver, message)
        named = sorted({a.get("labels", {}).get("alertname", "?") for a in alerts})
        print(f"alert-sink: {delivery['status']} to {receiver}: {', '.join(named)}", flush=True)
        self._answer(200, {"number": delivery["number"]})

    def do_GET(self) -> None:
        """Tell the deliveries, or that we are well."""
        url = urlsplit(self.path)
        if url.path == "/health":
            self._answer(200, {"status": "ok"})
        elif url.path == "/alerts":
            name = parse_qs(url.query).get("alertname", [""])[0]
            self._answer(200, self.deliveries.find(name))
        else:
            self._answer(404, {"error": f"nothing at {url.path}; try /alerts or /health"})

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Deliveries are logged above; probes are not worth a line."""


def serve(address: str, port: int) -> ThreadingHTTPServer:
    """A server with deliveries of its own, bound but not yet serving."""
    handler = type("BoundHandler", (Handler,), {"deliveries": Deliveries()})
    return ThreadingHTTPServer((address, port), handler)


if __name__ == "__main__":
    serve("", int(os.environ.get("PORT", "8080"))).serve_forever()
