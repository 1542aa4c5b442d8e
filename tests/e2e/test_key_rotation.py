"""The gate's key is rotated on the running platform: what each version signed counts until the
version is retired.

Two rotations make three versions. The first signed what staging runs and is left alone; the second
is the one that is retired, so that no pod of staging depends on it.
"""

import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.eventually import eventually
from tests.e2e.evidence_probe import STAGING, refusal, unproven, with_image
from typer.testing import CliRunner

from ballast import names, release
from ballast.cli import app
from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.admission import IN_FORCE
from ballast.gate.admission_objects import LEDGER
from ballast.gate.evidence import PREDICATE, STATEMENT
from ballast.gate.platform_signer import platform_signer
from ballast.gate.record_store import KEYS
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
BEFORE, AFTER = unproven("a"), unproven("b")
ADMISSION_SECONDS = 30.0


@dataclass(frozen=True)
class Rotated:
    """Key ids of the three versions, and what the last two signed: a permit and a record each."""

    first: str
    retired: str
    newest: str
    permit_before: str
    permit_after: str
    record_before: str
    record_after: str

    @property
    def retired_file(self) -> str:
        return f"{KEYS}/{self.retired[:16]}.json"


def run(*arguments: str) -> str:
    outcome = CliRunner().invoke(app, list(arguments))
    assert outcome.exit_code == 0, f"{outcome.output}{outcome.exception}"
    return outcome.output


def signed_record(api: KubeApi, git: GitServer) -> str:
    """A record of a run that failed, so that it can let nothing in wherever it is found."""
    now = datetime.now(UTC)
    gate = {
        "run": "rotation-drill",
        "environment": "dev",
        "expires": (now + timedelta(hours=1)).isoformat(),
        "verdicts": [],
    }
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": "drill", "digest": {"sha256": "a" * 64}}],
        "predicateType": PREDICATE,
        "predicate": {"result": "FAILED", "gate": gate},
    }
    return signing.sign(statement, platform_signer(api, git))


@pytest.fixture(scope="module")
def let_in(git: GitServer) -> Iterator[Callable[[str], str]]:
    """Lets an image into staging by a permit of the key that signs now; withdrawn afterwards."""
    commits: list[str] = []

    def give(image: str) -> str:
        name = f"rotation-{uuid.uuid4().hex[:8]}"
        options = ["--name", name, "--until", "15m", "--reason", "a drill of the e2e tests"]
        run("gate", "break-glass", "staging", image, *options)
        commits.append(str(git.head()))
        return f"gitops/evidence/staging/break-glass-{name}.dsse.json"

    yield give
    for commit in reversed(commits):
        git.revert(commit)
    run("gate", "admitted", "staging", "--write")


@pytest.fixture(scope="module")
def rotated(api: KubeApi, git: GitServer, let_in: Callable[[str], str]) -> Rotated:
    def signs() -> str:
        return platform_signer(api, git).public_key.keyid

    first = signs()
    run("gate", "key", "rotate")
    retired, permit_before, record_before = signs(), let_in(BEFORE), signed_record(api, git)
    run("gate", "key", "rotate")
    return Rotated(
        first=first,
        retired=retired,
        newest=signs(),
        permit_before=permit_before,
        permit_after=let_in(AFTER),
        record_before=record_before,
        record_after=signed_record(api, git),
    )


@pytest.fixture
def clone(rotated: Rotated, tmp_path: Path) -> Path:
    """The platform's repository as anybody gets it."""
    folder = tmp_path / "clone"
    url = f"http://127.0.0.1:{names.GIT_HTTP_PORT}/{names.GIT_REPOSITORY}.git"
    command = ["git", "-c", "http.proxy=", "clone", "--quiet", url, str(folder)]
    subprocess.run(command, check=True, env=os.environ | {"GIT_CONFIG_GLOBAL": os.devnull})
    return folder


@pytest.fixture
def retired(rotated: Rotated, git: GitServer) -> Iterator[Rotated]:
    """The middle version's public half is removed from Git; it comes back afterwards."""
    given = git.commit_files("Retire a key: a drill", {rotated.retired_file: None})
    try:
        run("gate", "admitted", "staging", "--write")
        yield rotated
    finally:
        git.revert(given)
        run("gate", "admitted", "staging", "--write")


def findings(clone: Path) -> dict[str, dict]:
    outcome = CliRunner().invoke(app, ["gate", "verify", str(clone), "--json"])
    return {one["path"]: one for one in json.loads(outcome.output)}


def verified(record: str, clone: Path, tmp_path: Path) -> str:
    path = tmp_path / "record.dsse.json"
    path.write_text(record)
    return run("gate", "verify", str(path), "--keys", str(clone))


def test_the_newest_version_signs_and_the_one_before_vouches_for_it(rotated: Rotated) -> None:
    rows = {row["key"]: row for row in json.loads(run("gate", "key", "show", "--json"))}
    assert [key for key, row in rows.items() if row["signs"]] == [rotated.newest]
    for key, by in ((rotated.retired, rotated.first), (rotated.newest, rotated.retired)):
        assert rows[key]["trusted"]
        assert f"{by[:16]} vouches for it" in rows[key]["said"]


def test_a_clone_proves_offline_what_every_version_signed(rotated: Rotated, clone: Path) -> None:
    found = findings(clone)
    assert {path: one["said"] for path, one in found.items() if not one["sound"]} == {}
    assert {rotated.permit_before, rotated.permit_after} <= set(found)


def test_each_record_is_signed_by_the_version_of_its_time(
    rotated: Rotated, clone: Path, tmp_path: Path
) -> None:
    before = verified(rotated.record_before, clone, tmp_path)
    after = verified(rotated.record_after, clone, tmp_path)
    assert before.startswith(f"signed by {rotated.retired[:16]}")
    assert after.startswith(f"signed by {rotated.newest[:16]}")


@pytest.mark.parametrize("image", [BEFORE, AFTER])
def test_admission_lets_in_what_either_version_permits(
    api: KubeApi, rotated: Rotated, image: str
) -> None:
    eventually(
        lambda: not refusal(api, with_image(api, image)), ADMISSION_SECONDS, f"admission of {image}"
    )


def test_what_staging_runs_stays_in_force(api: KubeApi, git: GitServer, rotated: Rotated) -> None:
    declared = release.parse(git.read_file(release.path_of("staging"))).digests
    data = mapping(mapping(api.get("v1", "ConfigMap", LEDGER, STAGING)).get("data"))
    assert {data[digest.replace(":", "-")] for digest in declared.values()} == {IN_FORCE}


def test_admission_refuses_what_a_retired_version_signed_and_nothing_else(
    api: KubeApi, git: GitServer, retired: Rotated
) -> None:
    def refused() -> bool:
        return "is not trusted" in refusal(api, with_image(api, BEFORE))

    eventually(refused, ADMISSION_SECONDS, "a refusal that names the key")
    assert refusal(api, with_image(api, AFTER)) == ""
    running = release.parse(git.read_file(release.path_of("staging"))).images["task-service"]
    assert refusal(api, with_image(api, str(running))) == ""


def test_a_clone_tells_which_evidence_a_retired_version_signed(
    retired: Rotated, clone: Path
) -> None:
    found = findings(clone)
    assert "is not trusted" in found[retired.permit_before]["said"]
    assert found[retired.permit_after]["sound"]


def test_a_record_of_a_retired_version_proves_nothing(
    retired: Rotated, clone: Path, tmp_path: Path
) -> None:
    path = tmp_path / "record.dsse.json"
    path.write_text(retired.record_before)
    outcome = CliRunner().invoke(app, ["gate", "verify", str(path), "--keys", str(clone)])
    assert outcome.exit_code == 1
    assert isinstance(outcome.exception, BallastError)
    assert f"key {retired.retired[:12]} is not trusted" in str(outcome.exception)


def test_a_clone_that_forgets_all_old_versions_begins_its_chain_with_the_newest(
    rotated: Rotated, clone: Path, tmp_path: Path
) -> None:
    for path in (clone / KEYS).iterdir():
        if path.stem != rotated.newest[:16]:
            path.unlink()
    assert findings(clone)[f"{KEYS}/{rotated.newest[:16]}.json"]["sound"]
    assert verified(rotated.record_after, clone, tmp_path)
