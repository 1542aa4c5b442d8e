"""What the scheduler reads from its environment, beyond what every service has."""

import os
import socket
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from todo_shared.settings import EnvironmentModel

MAX_OFFSET_MINUTES = 60 * 24 * 366
Offset = Annotated[int, Field(ge=0, le=MAX_OFFSET_MINUTES)]


def _own_name() -> str:
    # A restarted container keeps its host name; the dead process must not pass for the new one.
    return f"{socket.gethostname()}-{os.urandom(4).hex()}"


class SchedulerSettings(EnvironmentModel):
    """Reminders, leases, and where the service gets its wake-ups from.

    `reminder_offsets` are minutes before the due date, such as `0,60`.
    """

    reminder_offsets: tuple[Offset, ...] = (0,)
    reminder_channel: Annotated[str, Field(pattern="^[a-z]+$")] = "email"
    lease_seconds: Annotated[float, Field(gt=0)] = 10.0
    catch_up_grace_seconds: Annotated[float, Field(ge=0)] = 300.0
    wake_up: Literal["dapr-cron", "interval"] = "dapr-cron"
    scheduler_replica: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        default_factory=_own_name
    )
    scheduler_trace_path: Path | None = None

    @field_validator("reminder_offsets", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(value.split(",")) if isinstance(value, str) else value
