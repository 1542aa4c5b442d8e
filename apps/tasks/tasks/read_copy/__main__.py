"""`python -m tasks.read_copy backfill|check|status|admit`."""

import sys

from tasks.read_copy.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
