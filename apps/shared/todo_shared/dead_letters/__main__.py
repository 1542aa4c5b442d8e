"""`python -m todo_shared.dead_letters list|show|replay`."""

import sys

from todo_shared.dead_letters.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
