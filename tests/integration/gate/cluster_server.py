"""A small HTTP server that answers as a Kubernetes API does about one Deployment and its pods."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import yaml

Behaviour = Literal["heals", "ignores deletions", "forbids deletions", "never replaces"]


class ClusterServer:
    """Two pods of task-service; what a deletion does is the behaviour that a test picks."""

    def __init__(self, behaviour: Behaviour = "heals") -> None:
        self.behaviour = behaviour
        self.made = 2
        self.pods = {f"task-service-{n}": 0.0 for n in range(2)}  # name -> ready at (monotonic)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.reply(*outer.read(self.path.split("?")[0]))

            def do_DELETE(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.reply(*outer.delete(self.path.rsplit("/", 1)[1]))

            def reply(self, status: int, body: object) -> None:
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> "ClusterServer":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def kubeconfig(self, folder: Path) -> Path:
        """A kubeconfig that leads here."""
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            "clusters": [
                {
                    "name": "here",
                    "cluster": {"server": f"http://127.0.0.1:{self.server.server_port}"},
                }
            ],
            "users": [{"name": "me", "user": {}}],
        }
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(content))
        return path

    def read(self, path: str) -> tuple[int, object]:
        if path == "/api/v1":
            return 200, resources("v1", ("pods", "Pod"))
        if path == "/apis/apps/v1":
            return 200, resources("apps/v1", ("deployments", "Deployment"))
        if path.endswith("/pods"):
            return 200, {"items": [self.pod(name) for name in sorted(self.pods)]}
        if path.endswith("/deployments/task-service"):
            ready = sum(at <= time.monotonic() for at in self.pods.values())
            return 200, {"spec": {"replicas": 2}, "status": {"readyReplicas": ready}}
        return 404, status(404, "NotFound", path)

    def pod(self, name: str) -> dict[str, object]:
        ready = "True" if self.pods[name] <= time.monotonic() else "False"
        return {
            "metadata": {"name": name, "uid": f"uid-of-{name}"},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
        }

    def delete(self, name: str) -> tuple[int, object]:
        if self.behaviour == "forbids deletions":
            return 403, status(403, "Forbidden", f"pods {name} is forbidden: no such right")
        if self.behaviour != "ignores deletions":
            del self.pods[name]
            self.made += 1
            wait = 1.0 if self.behaviour == "heals" else 10_000.0
            self.pods[f"task-service-{self.made}"] = time.monotonic() + wait
        return 200, {"kind": "Status", "status": "Success"}


def resources(version: str, *kinds: tuple[str, str]) -> dict[str, object]:
    return {
        "kind": "APIResourceList",
        "groupVersion": version,
        "resources": [
            {"name": plural, "kind": kind, "namespaced": True, "singularName": "", "verbs": ["get"]}
            for plural, kind in kinds
        ],
    }


def status(code: int, reason: str, message: str) -> dict[str, object]:
    return {
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }
