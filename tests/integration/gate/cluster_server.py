"""A small HTTP server that answers as a Kubernetes API does about one Deployment and its pods.

Beside it lives one pod of another service, which no fault is to touch.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import yaml

Behaviour = Literal[
    "heals",
    "ignores deletions",
    "forbids deletions",
    "never replaces",
    "restarts a neighbour",
    "shows a neighbour",
]
NEIGHBOUR = "scheduler-service-0"


class ClusterServer:
    """Two pods of task-service; what a deletion does is the behaviour that a test picks."""

    def __init__(self, behaviour: Behaviour = "heals") -> None:
        self.behaviour = behaviour
        self.made = 2
        self.pods = {f"task-service-{n}": 0.0 for n in range(2)}  # name -> ready at (monotonic)
        self.neighbour_restarts = 0
        self.neighbours = [NEIGHBOUR]
        self.closed = False
        self.was_closed = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.reply(*outer.read(self.path.split("?")[0]))

            def do_DELETE(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.reply(*outer.delete(self.path.rsplit("/", 1)[1]))

            def do_PATCH(self) -> None:
                self.reply(*outer.patch(self.path.split("?")[0], self.body()))

            def do_POST(self) -> None:
                self.body()
                self.reply(*outer.delete(self.path.split("/")[-2]))

            def body(self) -> dict:
                return json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))

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
        ready = sum(at <= time.monotonic() for at in self.pods.values())
        task_service = [self.pod(name) for name in sorted(self.pods)]
        neighbours = [self.pod(name) for name in self.neighbours]
        shown = neighbours if self.behaviour == "shows a neighbour" else task_service
        namespace = "/namespaces/todo-app-dev"
        found: dict[str, object] = {
            "/api/v1": resources("v1", ("pods", "Pod"), ("nodes", "Node")),
            "/apis/apps/v1": resources("apps/v1", ("deployments", "Deployment")),
            "/api/v1/pods": {"items": [*task_service, *neighbours]},
            f"/api/v1{namespace}/pods": {"items": shown},
            **{
                f"/api/v1{namespace}/pods/{name}": self.pod(name)
                for name in [*self.pods, *self.neighbours]
            },
            "/api/v1/nodes/node": {"spec": {"unschedulable": True} if self.closed else {}},
            f"/apis/apps/v1{namespace}/deployments/task-service": {
                "spec": {"replicas": 2},
                "status": {"readyReplicas": ready},
            },
        }
        return (200, found[path]) if path in found else (404, status(404, "NotFound", path))

    def pod(self, name: str) -> dict[str, object]:
        service = name.rsplit("-", 1)[0]
        ready = "True" if self.pods.get(name, 0.0) <= time.monotonic() else "False"
        restarts = self.neighbour_restarts if name == NEIGHBOUR else 0
        return {
            "metadata": {
                "name": name,
                "uid": f"uid-of-{name}",
                "namespace": "todo-app-dev",
                "labels": {"app": service},
            },
            "spec": {"nodeName": "node"},
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": ready}],
                "containerStatuses": [
                    {
                        "name": service,
                        "restartCount": restarts,
                        "containerID": f"containerd://{name}",
                    }
                ],
            },
        }

    def patch(self, path: str, body: dict) -> tuple[int, object]:
        if path != "/api/v1/nodes/node":
            return 404, status(404, "NotFound", path)
        self.closed = bool(body["spec"]["unschedulable"])
        self.was_closed = self.was_closed or self.closed
        return 200, {"kind": "Node"}

    def delete(self, name: str) -> tuple[int, object]:
        if self.behaviour == "forbids deletions":
            return 403, status(403, "Forbidden", f"pods {name} is forbidden: no such right")
        if self.behaviour == "restarts a neighbour":
            self.neighbour_restarts += 1
        if name in self.neighbours:
            self.neighbours.remove(name)
        elif self.behaviour != "ignores deletions":
            del self.pods[name]
            self.made += 1
            wait = 10_000.0 if self.behaviour == "never replaces" else 1.0
            self.pods[f"task-service-{self.made}"] = time.monotonic() + wait
        return 200, {"kind": "Status", "status": "Success"}


def resources(version: str, *kinds: tuple[str, str]) -> dict[str, object]:
    return {
        "kind": "APIResourceList",
        "groupVersion": version,
        "resources": [
            {
                "name": plural,
                "kind": kind,
                "namespaced": kind != "Node",
                "singularName": "",
                "verbs": ["get"],
            }
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
