"""`python -m ballast` is the same as the `ballast` command."""

from ballast.cli import main

main()
