"""`python -m tasks.migrate`: bring the schema of the database `tasks` to its newest state.

Then the wanted phase of the read copies is admitted. The services start only after this has
succeeded, so when the phase is refused the old ones stay.
"""

import sys
from collections.abc import Sequence

from tasks.read_copy import command
from tasks.read_copy.settings import ReadCopySettings
from todo_shared.migrations import main


def run(given: Sequence[str]) -> int:
    """Migrate as asked; a bare call or `up` also admits the phase. Returns the exit code."""
    code = main("tasks", given)
    if code or list(given) not in ([], ["up"]):
        return code
    mode = ReadCopySettings.from_environment().read_copy_mode
    return command.main(["admit", mode.value])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
