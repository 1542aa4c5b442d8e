"""What was done to the tasks of a test server, as its API shows it."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

COUNTED = ("created", "completed", "deleted")


@dataclass
class TaskAudit:
    """Changes by task, oldest first; the number of changes is the version."""

    entries: defaultdict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))

    def change(self, user: str, task: str, action: str, title: str | None = None) -> None:
        self.entries[task].append(
            {
                "task_id": task,
                "version": self.version(task) + 1,
                "actor": user,
                "action": action,
                "changes": {} if title is None else {"title": {"before": None, "after": title}},
                "at": datetime.now(UTC).isoformat(),
            }
        )

    def version(self, task: str) -> int:
        return len(self.entries[task])

    def was(self, task: str, action: str) -> bool:
        return any(entry["action"] == action for entry in self.entries[task])

    def is_deleted(self, task: str) -> bool:
        return self.was(task, "deleted")

    def summary(self, user: str, less: int = 0) -> dict:
        done = [
            entry["action"]
            for entries in self.entries.values()
            for entry in entries
            if entry["actor"] == user
        ]
        return {"counts": {f"tasks_{each}": max(0, done.count(each) - less) for each in COUNTED}}
