"""What can be asked of the dead letters on a command line."""

import argparse
from collections.abc import Sequence
from typing import Final

from todo_shared.topics import declared

_ABOUT: Final = """\
Events whose handling failed for good lie in <topic>.dlq for seven days. Read one, remove the cause,
replay it: its copy goes to the topic that it came from, with the same key and bytes. A consumer
that had handled it before ignores it. ID is an event's id, or topic/partition/offset."""


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """What was asked for; ends the process with code 2 and a reason when it makes no sense."""
    names = [topic.name for topic in declared()]
    parser = argparse.ArgumentParser(
        prog="python -m todo_shared.dead_letters",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object")
    common.add_argument(
        "--login-from-stdin",
        action="store_true",
        help="log in to the broker with username, password and authority as JSON on standard input",
    )

    listing = verbs.add_parser("list", parents=[common], help="show what waits")
    listing.add_argument("--topic", choices=names, metavar="TOPIC", help="only of this topic")
    listing.add_argument("--replayed", action="store_true", help="those replayed before, too")
    listing.add_argument("--limit", type=int, default=100, help="at most so many (%(default)s)")

    showing = verbs.add_parser("show", parents=[common], help="show one letter with its event")
    showing.add_argument("id", metavar="ID")

    replaying = verbs.add_parser("replay", parents=[common], help="send letters again")
    which = replaying.add_mutually_exclusive_group(required=True)
    which.add_argument("id", metavar="ID", nargs="?", help="this one, even if replayed before")
    which.add_argument(
        "--topic", choices=names, metavar="TOPIC", help="all of this topic that wait"
    )
    which.add_argument("--all", action="store_true", help="all that wait")
    replaying.add_argument("--dry-run", action="store_true", help="only say what would be sent")
    return parser.parse_args(given)
