"""The freezer of the kernel, on version 1 and version 2 hosts."""

from pathlib import Path

from ballast.errors import BallastError
from ballast.gate.eventually import eventually
from ballast.node.containers import group_of, is_unified

SETTLE_SECONDS = 10.0


def freezer_of(pod: str, container: str) -> Path | None:
    """Control group through which a container is frozen; None when it does not run here."""
    return group_of(pod, container, controller="freezer")


def is_frozen(group: Path) -> bool:
    """Whether the kernel says that every process of the group stands still."""
    try:
        if is_unified(group):
            return "frozen 1" in (group / "cgroup.events").read_text().splitlines()
        return (group / "freezer.state").read_text().strip() == "FROZEN"
    except OSError:
        return False  # a group that is gone holds nothing


def freeze(group: Path) -> None:
    """Stop every process of the group; BallastError when one goes on."""
    _write(group, "1", "FROZEN")
    if not eventually(lambda: is_frozen(group), SETTLE_SECONDS, 0.01):
        thaw(group)
        raise BallastError(f"{group} did not freeze within {SETTLE_SECONDS:.0f} s")


def thaw(group: Path) -> None:
    """Let them run on; BallastError when they do not."""
    if not group.exists():
        return
    _write(group, "0", "THAWED")
    if not eventually(lambda: not is_frozen(group), SETTLE_SECONDS, 0.01):
        raise BallastError(
            f"{group} is still frozen", f"echo THAWED > {group}/freezer.state, as root."
        )


def _write(group: Path, unified: str, legacy: str) -> None:
    if is_unified(group):
        (group / "cgroup.freeze").write_text(unified)
    else:
        (group / "freezer.state").write_text(legacy)
