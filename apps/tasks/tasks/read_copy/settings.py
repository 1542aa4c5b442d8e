"""What the read copies read from the environment."""

from typing import Annotated

from pydantic import Field

from tasks.read_copy.mode import ReadCopyMode
from todo_shared.settings import EnvironmentModel


class ReadCopySettings(EnvironmentModel):
    """Which phase is wanted; it takes effect once it is admitted (see admission).

    `read_copy_seconds` bounds what a copy may add to a request, `read_copy_check_hours` is the
    time between two checks of all copies.
    """

    read_copy_mode: ReadCopyMode = ReadCopyMode.POSTGRES
    read_copy_store: str = "statestore"
    read_copy_seconds: Annotated[float, Field(gt=0, le=2)] = 0.25
    read_copy_poll_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    read_copy_check_hours: Annotated[float, Field(gt=0)] = 6.0
    read_copy_min_reads: Annotated[int, Field(ge=1)] = 1000
