"""`python -m tasks.migrate`: bring the schema of the database `tasks` to its newest state."""

import sys

from todo_shared.migrations import main

if __name__ == "__main__":
    sys.exit(main("tasks", sys.argv[1:]))
