"""`python -m scheduler.migrate`: bring the schema of `scheduler` to its newest state."""

import sys

from todo_shared.migrations import main

if __name__ == "__main__":
    sys.exit(main("scheduler", sys.argv[1:]))
