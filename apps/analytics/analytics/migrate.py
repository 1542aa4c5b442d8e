"""`python -m analytics.migrate`: bring the schema of `analytics` to its newest state."""

import sys

from todo_shared.migrations import main

if __name__ == "__main__":
    sys.exit(main("analytics", sys.argv[1:]))
