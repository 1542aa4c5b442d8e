"""The real OPA, a local bare Git repository, and a release that a promotion can move."""

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ballast import release
from ballast.errors import BallastError
from ballast.gate import restrictions, signing
from ballast.gate.admission_writer import admitted_by
from ballast.gate.evidence import SampleRecord, statement
from ballast.gate.execute import Finished
from ballast.gate.plan import derive_plan
from ballast.gate.promote import Ports, promote
from ballast.gate.roles import ROLES
from ballast.gate.run_folder import RunFolder
from ballast.gate.verdict import Outcome, Verdict
from ballast.gitserver import GitServer
from ballast.names import SERVICES
from ballast.paths import repository_root
from ballast.supply.build import ensure_binaries

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from cluster_server import ClusterServer
from git_repository import git_server
from todo_server import TodoServer

OLD = {name: f"sha256:{n:064x}" for n, name in enumerate(SERVICES)}
NEW = {name: f"sha256:{n + 100:064x}" for n, name in enumerate(SERVICES)}


def release_text(environment: str, digests: dict[str, str]) -> str:
    images = {name: (f"example.org/todo-{name}", digests[name]) for name in SERVICES}
    return release.release(environment, images, revision="r2" if digests == NEW else "r1")


@pytest.fixture(scope="session")
def opa() -> Path:
    return ensure_binaries(["opa"])["opa"]


@pytest.fixture
def git(tmp_path: Path) -> GitServer:
    """The real GitServer on a bare repository: dev has the new release, staging the old one."""
    return git_server(
        tmp_path,
        {
            release.path_of("dev"): release_text("dev", NEW),
            release.path_of("staging"): release_text("staging", OLD),
            restrictions.BLOCKED: "blocked: []\n",
            ROLES: (repository_root() / ROLES).read_text(),
        },
    )


class RunningPods:
    """Pods of dev that run given digests; staging runs what Git says."""

    def __init__(self, digests: dict[str, str], git: GitServer) -> None:
        self.digests = digests
        self.git = git

    def list(self, api_version, kind, namespace=None, label_selector=None):
        service = label_selector.removeprefix("app=")
        digests = self.digests if namespace == "todo-app-dev" else self.declared()
        image = f"example.org/todo-{service}@{digests[service]}"
        status = {"phase": "Running", "containerStatuses": [{"name": service, "imageID": image}]}
        return [{"metadata": {}, "status": status}]

    def declared(self) -> dict[str, str]:
        return release.parse(self.git.read_file(release.path_of("staging"))).digests


@pytest.fixture
def make_record(git: GitServer, tmp_path: Path):
    """Signed records of dev's release beside the one that staging serves.

    Each argument seeds one flaw; `verdicts` take the place of passed ones, `edit` changes the
    statement before it is signed.
    """
    key = tmp_path / "signing.key"

    def make(**flaws) -> SimpleNamespace:
        candidate = release.parse(release_text("dev", flaws.get("digests", NEW)))
        old = release.parse(git.read_file(release.path_of("staging")))
        target, seed = flaws.get("target", "staging"), flaws.get("seed")
        plan = derive_plan("dev", target, candidate, old=old, seed=seed)
        outcomes = dict.fromkeys(plan.checks, Outcome.PASS) | flaws.get("outcomes", {})
        verdicts = [
            Verdict(check, outcome, flaws.get("reason", "it held"))
            for check, outcome in outcomes.items()
            if check not in flaws.get("leave_out", ())
        ]
        played = {verdict.check: verdict for verdict in flaws.get("verdicts", ())}
        verdicts = list(({verdict.check: verdict for verdict in verdicts} | played).values())
        end = time.time() - flaws.get("age", 60.0)
        samples = SampleRecord(5000, flaws.get("written", 5000), "5a" * 32)
        made = statement(
            flaws.get("run", "run-1"), plan, verdicts, samples, start=end - 90, end=end
        )
        flaws.get("edit", lambda _: None)(made)
        by = flaws.get("signer") or signing.signer(flaws.get("key", key))
        text = signing.sign(made, by)
        make.last = SimpleNamespace(text=text, verdicts=tuple(verdicts), key=key)
        return make.last

    return make


@pytest.fixture
def new_digests() -> dict[str, str]:
    return NEW


@pytest.fixture
def old_digests() -> dict[str, str]:
    return OLD


@pytest.fixture
def pods_of_new(git: GitServer) -> RunningPods:
    return RunningPods(NEW, git)


@pytest.fixture
def pods_of_old(git: GitServer) -> RunningPods:
    return RunningPods(OLD, git)


@pytest.fixture(scope="session")
def todo_server() -> type[TodoServer]:
    return TodoServer


@pytest.fixture(scope="session")
def cluster_server() -> type[ClusterServer]:
    return ClusterServer


@pytest.fixture
def gate(git, opa, pods_of_new, tmp_path, monkeypatch):
    """A promotion from dev to staging whose run leaves the record that a test asks for."""
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path / "home"))
    said: list[str] = []
    admitted: list[dict[str, str]] = []

    def run(record, **options):
        folder = RunFolder.create(tmp_path / "runs")
        ports = Ports(
            git=git,
            pods=options.pop("pods", pods_of_new),
            opa=lambda: opa,
            run=lambda plan: Finished(folder, record.verdicts, record.text),
            budgets=options.pop("budgets", whole_budgets),
            admit=lambda target, branch, also: admitted.append(
                admitted_by(branch, target, also).digests
            ),
            sync=options.pop("sync", lambda target, commit: said.append(f"sync {target}")),
            smoke=options.pop("smoke", lambda target: said.append(f"smoke {target}")),
            signer=options.pop("signer", lambda: signing.signer(record.key)),
            bake=options.pop(
                "watch", lambda target, commit, seconds: said.append(f"bake {target} {seconds:g} s")
            ),
        )
        return promote("dev", options.pop("target", "staging"), ports, **options)

    return SimpleNamespace(promote=run, said=said, git=git, admitted=admitted)


def whole_budgets(slos, environment):
    return [{"slo": slo.name, "remaining": 1.0, "events": 9, "exhausted": False} for slo in slos]


@pytest.fixture
def refused(gate):
    """The one reason of a refusal, after which nothing is committed and nothing deployed."""

    def reason(record, **options) -> str:
        before = gate.git.head()
        with pytest.raises(BallastError) as refusal:
            gate.promote(record, **options)
        assert gate.git.head() == before
        assert gate.said == []
        assert gate.admitted == []
        assert "\n" not in str(refusal.value)
        return str(refusal.value)

    return reason
