"""The command line of the dead letters: list, show, replay."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, Final

from pydantic import Field

from todo_shared.broker import BrokerConnection, BrokerLogin, BrokerSettings
from todo_shared.dead_letters.arguments import arguments
from todo_shared.dead_letters.letter import DeadLetter
from todo_shared.dead_letters.log import DeadLetterLog
from todo_shared.dead_letters.rendering import page, summary, table, whole
from todo_shared.dead_letters.replay import LetterProducer, ReplayIncompleteError, replay
from todo_shared.settings import SettingsError
from todo_shared.topic_reader import BrokerUnavailableError
from todo_shared.topics import declared


class UnknownLetterError(Exception):
    """No dead letter has this id."""


class DeadLetterSettings(BrokerSettings):
    """Where the broker is, how long it may take to answer, and the environment's prefix."""

    topic_prefix: str = ""
    wait_seconds: Annotated[float, Field(gt=0)] = 10.0


def main(given: Sequence[str]) -> int:
    """Run a command line; 0 when done, 1 with one line on stderr when not."""
    asked = arguments(given)
    try:
        settings = DeadLetterSettings.from_environment()
        broker = _broker(asked, settings)
        with DeadLetterLog(broker, settings.topic_prefix, settings.wait_seconds) as log:
            if asked.verb == "replay":
                _replay(asked, log, broker, settings.topic_prefix)
            else:
                _VERBS[asked.verb](asked, log)
    except (
        SettingsError,
        BrokerUnavailableError,
        UnknownLetterError,
        ReplayIncompleteError,
    ) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _broker(asked: argparse.Namespace, settings: DeadLetterSettings) -> BrokerConnection:
    if asked.login_from_stdin:
        return BrokerConnection(settings.kafka_brokers, BrokerLogin.from_stdin())
    return settings.connection()


def _list(asked: argparse.Namespace, log: DeadLetterLog) -> None:
    now = datetime.now(UTC)
    found = _letters(log, asked.topic)
    wanted = (letter for letter in found if asked.replayed or not letter.replayed)
    letters = [summary(letter, now) for letter in islice(wanted, asked.limit)]
    more = sum(1 for _ in wanted)
    if asked.json:
        _print_json({"letters": letters, "more": more})
    elif letters:
        print(table(letters))
        if more:
            print(f"and {more} more: --limit")
    else:
        print("no dead letters")


def _show(asked: argparse.Namespace, log: DeadLetterLog) -> None:
    now = datetime.now(UTC)
    letter = _named(log, asked.id)[-1]
    if asked.json:
        _print_json(whole(letter, now))
    else:
        print(page(letter, now))


def _replay(
    asked: argparse.Namespace, log: DeadLetterLog, broker: BrokerConnection, prefix: str
) -> None:
    now = datetime.now(UTC)
    wanted: Iterable[DeadLetter]
    if asked.id is not None:
        wanted = _named(log, asked.id)
    else:
        wanted = (letter for letter in _letters(log, asked.topic) if not letter.replayed)
    if not asked.dry_run:
        wanted = replay(wanted, log, LetterProducer(broker, prefix))
    # Summaries, not letters: their content may be more than there is memory for.
    sent, problem = _drained(summary(letter, now) for letter in wanted)
    if asked.json:
        _print_json({"would_replay" if asked.dry_run else "replayed": sent})
    else:
        if sent:
            print(table(sent))
        print(f"{len(sent)} {'would be replayed' if asked.dry_run else 'replayed'}")
    if problem is not None:
        raise problem


def _drained(sent: Iterator[dict[str, Any]]) -> tuple[list[dict[str, Any]], Exception | None]:
    """What came, and the error that ended it: what was done before is told all the same."""
    done: list[dict[str, Any]] = []
    try:
        for each in sent:
            done.append(each)
    except (ReplayIncompleteError, BrokerUnavailableError) as error:
        return done, error
    return done, None


def _letters(log: DeadLetterLog, topic: str | None) -> Iterator[DeadLetter]:
    return log.read([each.name for each in declared() if topic in (None, each.name)])


def _named(log: DeadLetterLog, name: str) -> list[DeadLetter]:
    """The letters called `name` that wait, else the last that was replayed."""
    topic, _, place = name.partition("/")
    only = topic if place and topic in {each.name for each in declared()} else None
    found = [letter for letter in _letters(log, only) if letter.answers_to(name)]
    if not found:
        raise UnknownLetterError(f"no dead letter is called {name}; `list` shows those there are")
    return [letter for letter in found if not letter.replayed] or found[-1:]


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document))


_VERBS: Final = {"list": _list, "show": _show}
