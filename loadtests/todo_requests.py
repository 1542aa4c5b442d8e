"""What users ask of the Todo API: each operation as a request, made from what its user has done."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ballast.gate.schedule import Arrival, Operation

API = "/api/v1"
PASSWORD = "a long pass phrase of a load user"  # noqa: S105 - of accounts that only a load run has
FAR_AWAY = "2099-01-01T09:00:00"  # a series that makes no task while anybody counts tasks
# What needs nothing that exists: path and body, whose None is the mark of the request.
NEW_THINGS: dict[str, tuple[str, dict[str, str | None]]] = {
    "create": ("/tasks", {"title": None}),
    "chat": ("/chat", {"message": "show me my tasks"}),
    "recurring": (
        "/recurring-tasks",
        {"title": None, "recurrence_rule": "FREQ=WEEKLY;BYDAY=FR", "starts_at": FAR_AWAY},
    ),
}
OWN_TASK = {
    "get": ("GET", ""),
    "update": ("PATCH", ""),
    "complete": ("POST", "/complete"),
    "delete": ("DELETE", ""),
}


@dataclass(frozen=True)
class Request:
    """One request; its operation is not the planned one when its user has nothing to do that to."""

    operation: Operation
    method: str
    path: str
    body: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        """The unique title of a create, empty for all else."""
        return str(self.body["title"]) if self.operation == "create" and self.body else ""

    @property
    def needs_token(self) -> bool:
        """Whether it is asked as a user; only identity is asked as nobody."""
        return self.operation not in {"register", "login"}


@dataclass
class Memory:
    """What the users of one release have made so far."""

    tasks: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    accounts: list[str] = field(default_factory=list)

    def request(self, arrival: Arrival, run: str, reminders_due: float) -> Request:
        """The request of an arrival; without a task of its own its user lists instead.

        `reminders_due` is the Unix time at which all reminders of the run are due.
        """
        mark, own = f"{run}-{arrival.sequence}", self.tasks[arrival.user]
        planned = arrival.operation
        if planned in {"register", "login"}:
            return self._as_nobody(planned, mark)
        if planned in NEW_THINGS:
            path, body = NEW_THINGS[planned]
            return Request(planned, "POST", API + path, {k: v or mark for k, v in body.items()})
        if planned == "list" or not own:
            return Request("list", "GET", f"{API}/tasks?limit=20")
        if planned == "remind":
            due = datetime.fromtimestamp(reminders_due, UTC).isoformat()
            body = {"task_id": own[-1], "remind_at": due}
            return Request("remind", "POST", f"{API}/reminders", body)
        method, tail = OWN_TASK[planned]
        task = own.pop() if planned in {"complete", "delete"} else own[-1]
        body = {"description": mark} if planned == "update" else None
        return Request(planned, method, f"{API}/tasks/{task}{tail}", body)

    def succeeded(self, arrival: Arrival, request: Request, answer: dict[str, Any]) -> str:
        """Remember what a success has made; the id of a created task. KeyError without one."""
        if request.operation == "register" and request.body:
            self.accounts.append(str(request.body["email"]))
        if request.operation != "create":
            return ""
        task_id = str(answer["id"])
        self.tasks[arrival.user].append(task_id)
        return task_id

    def _as_nobody(self, planned: Operation, mark: str) -> Request:
        if planned == "register" or not self.accounts:
            body = {"email": f"{mark}@example.org", "password": PASSWORD}
            return Request("register", "POST", f"{API}/auth/register", body)
        body = {"email": self.accounts[-1], "password": PASSWORD}
        return Request("login", "POST", f"{API}/auth/login", body)
