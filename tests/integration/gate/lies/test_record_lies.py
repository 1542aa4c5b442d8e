"""Records that lie: signed statements, presented to a real Git repository and the real OPA."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lie import Family, Scene
from lie_catalogue import SLOWER, lies
from securesystemslib.dsse import Envelope

from ballast.gate import signing
from ballast.gate.permit import PREDICATE as PERMIT
from ballast.names import SERVICES
from ballast.release import Image, Release, path_of, render

Statement = dict[str, Any]


def digest(statement: Statement) -> None:
    statement["subject"][0]["digest"]["sha256"] = "f" * 64


def gate(**facts: object) -> Callable[[Statement], None]:
    return lambda statement: statement["predicate"]["gate"].update(facts)


def ten_days(statement: Statement) -> None:
    until = datetime.now(UTC) + timedelta(days=10)
    gate(expires=until.isoformat(timespec="seconds"))(statement)


# What is wrong with a record when it is made: arguments of make_record.
MADE: dict[str, dict[str, Any]] = {
    "wrong-digest": {"edit": digest},
    "wrong-environment": {"edit": gate(environment="prod")},
    "replayed-for-another-target": {"edit": gate(target="prod")},
    "expired": {"age": 24 * 3600 + 60},
    "from-the-future": {"age": -3600},
    "valid-too-long": {"edit": ten_days},
    "other-kind-of-statement": {"edit": lambda statement: statement.update(predicateType=PERMIT)},
    "verdict-dropped": {"leave_out": [SLOWER]},
    "result-contradicts-verdicts": {"edit": lambda s: s["predicate"].update(result="FAILED")},
    "sample-missing": {"written": 4999},
}


def tampered(make: Callable, git: Any, folder: Path) -> SimpleNamespace:
    """It opens prod, and the word is overwritten."""
    record = make(edit=gate(target="prod"))
    document = json.loads(record.text)
    payload = base64.b64decode(document["payload"])
    assert payload.count(b'"target": "prod"') == 1
    payload = payload.replace(b'"target": "prod"', b'"target": "staging"')
    record.text = json.dumps(document | {"payload": base64.b64encode(payload).decode()})
    return record


def of_a_stranger(make: Callable, git: Any, folder: Path) -> SimpleNamespace:
    return make(key=folder / "stranger.key")


def of_another_payload_type(make: Callable, git: Any, folder: Path) -> SimpleNamespace:
    record = make()
    payload = base64.b64decode(json.loads(record.text)["payload"])
    envelope: Any = Envelope(payload, "text/plain", {})
    envelope.sign(signing.signer(record.key))
    record.text = json.dumps(envelope.to_dict())
    return record


def beside_another_release(make: Callable, git: Any, folder: Path) -> SimpleNamespace:
    """The target moves on after the run."""
    record = make()
    images = {
        name: Image(repository=f"example.org/todo-{name}", digest=f"sha256:{n + 500:064x}")
        for n, name in enumerate(SERVICES)
    }
    later = Release(revision="r3", images=images)
    git.commit_files("Move on", {path_of("staging"): render("staging", later)})
    return record


def with_altered_samples(make: Callable, git: Any, folder: Path) -> SimpleNamespace:
    record = make()
    samples = folder / "home/gate/runs/run-1/samples.csv"
    samples.parent.mkdir(parents=True)
    samples.write_text("the request that failed is not here")
    return record


AFTERWARDS: dict[str, Callable[[Callable, Any, Path], SimpleNamespace]] = {
    "tampered": tampered,
    "signed-by-a-stranger": of_a_stranger,
    "other-payload-type": of_another_payload_type,
    "replayed-beside-another-release": beside_another_release,
    "samples-altered-after-signing": with_altered_samples,
}
OTHERWISE = {"absent", "runs-another-digest"}


@pytest.fixture
def presented(answer, tmp_path):
    """The gate's answer to a record that is presented as a file."""

    def of(record: SimpleNamespace, **options: Any) -> str:
        (tmp_path / "record.dsse.json").write_text(record.text)
        return answer(record=record, evidence=tmp_path / "record.dsse.json", **options)

    return of


@pytest.fixture
def falsified(make_record, git, tmp_path):
    """A record after which something was done to it, or to what it is about."""
    return lambda lie: AFTERWARDS[lie.name](make_record, git, tmp_path)


def test_every_lie_is_played():
    assert {lie.name for lie in lies(Scene.RECORD)} == {*MADE, *AFTERWARDS, *OTHERWISE}


@pytest.mark.parametrize("lie", [each for each in lies(Scene.RECORD) if each.name in MADE], ids=str)
def test_a_record_that_says_what_is_not_so_is_refused(lie, told, presented, make_record):
    told(lie, presented(make_record(**MADE[lie.name])))


@pytest.mark.parametrize(
    "lie", [each for each in lies(Scene.RECORD) if each.name in AFTERWARDS], ids=str
)
def test_a_record_that_is_not_what_was_signed_is_refused(lie, told, presented, falsified):
    told(lie, presented(falsified(lie)))


def test_no_record_is_refused(told, answer, make_record, tmp_path):
    (lie,) = [each for each in lies(Scene.RECORD) if each.name == "absent"]
    told(lie, answer(record=make_record(), evidence=tmp_path / "absent.json"))


def test_pods_of_another_digest_are_refused(told, presented, make_record, pods_of_old):
    (lie,) = [each for each in lies(Scene.RECORD) if each.name == "runs-another-digest"]
    told(lie, presented(make_record(), pods=pods_of_old))


def test_a_record_that_is_so_passes(honest, presented, make_record):
    honest(Family.RECORD, "record", presented(make_record()))
