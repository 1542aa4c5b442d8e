"""`python -m notifications.migrate`: bring the schema of `notifications` to its newest state."""

import sys

from todo_shared.migrations import main

if __name__ == "__main__":
    sys.exit(main("notifications", sys.argv[1:]))
