"""`rollback` on a real Git repository: back once, through Git, admitted by old evidence."""

from datetime import UTC, datetime

import pytest

from ballast import release
from ballast.bringup.baseline import permit_baselines
from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.admission_writer import admitted_by
from ballast.gate.rollback import RollbackPorts, rollback


@pytest.fixture
def ports(gate):
    return RollbackPorts(
        git=gate.git,
        admit=lambda target, branch, also: gate.admitted.append(
            admitted_by(branch, target, also).digests
        ),
        sync=lambda target, commit: gate.said.append(f"sync {commit}"),
        smoke=lambda target: gate.said.append("smoke"),
    )


@pytest.fixture
def promoted(gate, make_record):
    """Staging began with the old release and was promoted to the new one."""
    record = make_record()
    assert permit_baselines(gate.git, frozenset(), signing.signer(record.key)) == ["staging"]
    gate.promote(record)
    gate.said.clear()
    gate.admitted.clear()
    return gate


def staging(gate) -> release.Release:
    return release.parse(gate.git.read_file(release.path_of("staging")))


def test_it_returns_to_what_ran_before_and_says_what(promoted, ports, old_digests):
    done = rollback("staging", ports)
    assert (done.left, done.returned_to, done.changed) == ("r2", "r1", True)
    assert staging(promoted).digests == old_digests
    assert promoted.said == [f"sync {done.commit}", "smoke"]


def test_what_it_leaves_runs_on_until_the_other_has_started(
    promoted, ports, old_digests, new_digests
):
    rollback("staging", ports)
    states = promoted.admitted[-1]
    running = [*old_digests.values(), *new_digests.values()]
    assert {states[digest] for digest in running} == {"in force"}


def test_the_evidence_of_the_promotion_stays(promoted, ports):
    before = promoted.git.list_files("gitops/evidence")
    rollback("staging", ports)
    assert promoted.git.list_files("gitops/evidence") == before


def test_a_second_rollback_goes_no_further(promoted, ports, old_digests):
    rollback("staging", ports)
    head = promoted.git.head()
    again = rollback("staging", ports)
    assert (again.returned_to, again.changed) == ("r1", False)
    assert promoted.git.head() == head
    assert promoted.said[-2:] == [f"sync {head}", "smoke"]


def test_a_first_release_has_nothing_to_return_to(gate, ports):
    with pytest.raises(BallastError, match="no promotion to roll back"):
        rollback("staging", ports)


def test_an_environment_without_a_release_has_nothing_to_return_to(gate, ports):
    with pytest.raises(BallastError, match="it has no release"):
        rollback("prod", ports)


def test_a_release_that_no_evidence_admits_is_not_returned_to(gate, make_record, ports):
    gate.promote(make_record())
    before = gate.git.head()
    with pytest.raises(BallastError, match="no evidence covers it"):
        rollback("staging", ports)
    assert gate.git.head() == before


def test_a_release_that_does_not_serve_says_where_it_stands(promoted, ports):
    def broken(*_: str) -> None:
        raise BallastError("task-service is in CrashLoopBackOff")

    sick = RollbackPorts(ports.git, ports.admit, broken, ports.smoke)
    with pytest.raises(BallastError, match="is back at r1 in Git, and does not serve it"):
        rollback("staging", sick)


def test_a_baseline_is_signed_once(promoted, make_record):
    head = promoted.git.head()
    assert permit_baselines(promoted.git, frozenset(), signing.signer(make_record.last.key)) == []
    assert promoted.git.head() == head


def test_a_push_around_the_gate_gets_no_baseline(promoted, make_record, old_digests):
    path = release.path_of("staging")
    forged = {name: f"sha256:{n + 900:064x}" for n, name in enumerate(old_digests)}
    images = {name: ("example.org/x", digest) for name, digest in forged.items()}
    promoted.git.commit_files("Push", {path: release.release("staging", images, "forged")})
    assert permit_baselines(promoted.git, frozenset(), signing.signer(make_record.last.key)) == []
    states = admitted_by(promoted.git, "staging", now=datetime.now(UTC)).digests
    assert not set(forged.values()) & set(states)
