"""Retries, warnings, credentials and paging against a real HTTP server."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from ballast.errors import BallastError
from ballast.kubeapi import KubeApi, KubeApiError, WaitTimeoutError

Answer = tuple[int, Any, dict[str, str]]


class Server:
    """Plays back answers by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.seen: list[tuple[str, str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                token = self.headers.get("authorization") or ""
                outer.seen.append((self.command, self.path, token))
                queue = outer.answers[self.path.partition("?")[0]]
                status, body, headers = queue[0] if len(queue) == 1 else queue.pop(0)
                payload = json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Keep the test's output clean."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def client(self, user: Any = None, **options: Any) -> KubeApi:
        kubeconfig = {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [
                {
                    "name": "k",
                    "cluster": {"server": f"http://127.0.0.1:{self.http.server_address[1]}"},
                }
            ],
            "users": [{"name": "u", "user": user or {}}],
        }
        return KubeApi.from_kubeconfig(yaml.safe_dump(kubeconfig), **options)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.answers["/api/v1"] = [
        (
            200,
            {
                "resources": [
                    {"name": "pods", "kind": "Pod", "namespaced": True},
                    {"name": "pods/log", "kind": "Pod", "namespaced": True},
                ]
            },
            {},
        )
    ]
    yield server
    server.http.shutdown()
    server.http.server_close()


def test_a_busy_server_is_asked_again(server: Server) -> None:
    server.answers["/version"] = [(429, {}, {}), (503, {}, {}), (200, {"major": "1"}, {})]
    assert server.client().request("GET", "/version") == {"major": "1"}


def test_retries_end_at_the_deadline(server: Server) -> None:
    server.answers["/version"] = [(503, {"message": "shutting down"}, {})]
    with pytest.raises(KubeApiError, match="shutting down") as caught:
        server.client(deadline=0.3).request("GET", "/version")
    assert caught.value.status == 503


def test_a_refusal_carries_its_causes(server: Server) -> None:
    causes = [{"field": "spec.x", "reason": "FieldValueInvalid", "message": "no"}]
    body = {"message": "invalid", "details": {"causes": causes}}
    server.answers["/version"] = [(422, body, {})]
    with pytest.raises(KubeApiError) as caught:
        server.client().request("GET", "/version")
    assert caught.value.causes[0].field == "spec.x"


def test_warnings_reach_the_callback(server: Server) -> None:
    server.answers["/version"] = [(200, {}, {"warning": '299 - "v1beta1 is deprecated"'})]
    heard: list[str] = []
    server.client(on_warning=heard.append).request("GET", "/version")
    assert heard == ["v1beta1 is deprecated"]


def test_an_absent_server_is_a_sentence_with_a_fix() -> None:
    server = Server()
    client = server.client(deadline=0.2)
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(KubeApiError, match="cannot reach") as caught:
        client.request("GET", "/version")
    assert caught.value.status == 0
    assert caught.value.fix


def test_absent_objects_and_kinds_are_none(server: Server) -> None:
    server.answers["/api/v1/namespaces/n/pods/gone"] = [(404, {}, {})]
    client = server.client()
    assert client.get("v1", "Pod", "gone", "n") is None
    assert client.get("v1", "Gadget", "x", "n") is None


def test_lists_are_read_page_by_page(server: Server) -> None:
    first = {"metadata": {"continue": "more"}, "items": [{"metadata": {"name": "a"}}]}
    server.answers["/api/v1/pods"] = [
        (200, first, {}),
        (200, {"items": [{"metadata": {"name": "b"}}]}, {}),
    ]
    pods = server.client().list("v1", "Pod")
    assert [pod["metadata"]["name"] for pod in pods] == ["a", "b"]
    assert pods[0]["kind"] == "Pod"


def test_discovery_is_asked_once_for_a_known_kind(server: Server) -> None:
    client = server.client()
    assert client.resource("v1", "Pod") == client.resource("v1", "Pod")
    assert [path for _, path, _ in server.seen] == ["/api/v1"]


def test_waiting_gives_up_with_the_last_state(server: Server) -> None:
    server.answers["/api/v1/namespaces/n/pods/p"] = [(200, {"status": {"phase": "Pending"}}, {})]
    never: Callable[[Any], bool] = lambda obj: False  # noqa: E731
    with pytest.raises(WaitTimeoutError) as caught:
        server.client().wait("v1", "Pod", "p", "n", never, timeout=0.2)
    assert caught.value.last == {"status": {"phase": "Pending"}}


def test_an_expired_token_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    counter = tmp_path / "count"
    plugin = tmp_path / "login"
    plugin.write_text(
        f"#!/bin/sh\necho x >> {counter}\nn=$(wc -l < {counter})\n"
        'echo "{\\"status\\": {\\"token\\": \\"token-$((n))\\"}}"\n'
    )
    plugin.chmod(0o755)
    server.answers["/version"] = [(401, {}, {}), (200, {}, {})]
    server.client({"exec": {"command": str(plugin)}}).request("GET", "/version")
    assert [token for _, _, token in server.seen] == ["Bearer token-1", "Bearer token-2"]


def test_a_credential_program_that_is_missing_is_named(server: Server) -> None:
    client = server.client({"exec": {"command": "no-such-login"}})
    with pytest.raises(BallastError, match="no-such-login"):
        client.request("GET", "/version")
