"""Run the command line."""

import sys

from analytics.rebuild.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
