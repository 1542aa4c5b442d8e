"""The rules of evidence, clause by clause; a real API server runs them in tests/integration."""

from pathlib import Path

import pytest
import yaml

from ballast.components import images
from ballast.gate.admission import GUARDED
from ballast.gate.admission_objects import LEDGER
from ballast.names import ENVIRONMENT_LABEL, GATE_VERIFIER, POLICY_NAMESPACE
from ballast.paths import repository_root
from ballast.policy.cel import PolicyError, evaluate

FOLDER = repository_root() / "policies" / "evidence"
REQUIRE = FOLDER / "require-evidence.yaml"
PROTECT = FOLDER / "protect-ledger.yaml"
DIGEST = "a" * 64
PROVEN = f"example.org/tasks@sha256:{DIGEST}"
UNPROVEN = f"example.org/tasks@sha256:{'b' * 64}"
SIDECAR = {"name": "daprd", "image": f"{images.DAPR_REGISTRY}/daprd:{images.DAPR_TAG}"}
VALUES = repository_root() / "gitops" / "charts" / "todo-umbrella" / "values.yaml"
WAIT = {"name": "wait", "image": yaml.safe_load(VALUES.read_text())["global"]["waitImage"]}


def ledger(state: str = "in force") -> dict:
    return {"data": {f"sha256-{DIGEST}": state}}


def pod(image: str = PROVEN, **spec) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "creationTimestamp": "2026-05-04T12:00:00Z"},
        "spec": {"containers": [{"name": "tasks", "image": image}], **spec},
    }


def owner(kind: str, image: str) -> dict:
    template = {"spec": pod(image)["spec"]}
    spec = {"jobTemplate": {"spec": {"template": template}}} if kind == "CronJob" else None
    group = "batch/v1" if "Job" in kind else "apps/v1"
    made = {"apiVersion": group, "kind": kind, "metadata": pod()["metadata"]}
    return made | {"spec": spec or {"template": template}}


# (why it passes, object, ledger, the object before)
PASSING = [
    ("a release in force", pod(), ledger(), None),
    ("a permit that has not ended", pod(), ledger("2026-05-04T12:00:01+00:00"), None),
    ("the platform's sidecar", pod(containers=[SIDECAR]), {}, None),
    ("the wait for dependencies", pod(initContainers=[WAIT]), ledger(), None),
    ("a change that brings no image", pod(UNPROVEN), {}, pod(UNPROVEN)),
    ("an update within a permit", pod(), ledger("2026-05-04T12:00:01+00:00"), pod(UNPROVEN)),
]
# (words of the refusal, object, ledger, the object before)
FAILING = [
    ("No evidence", pod(), {}, None),
    ("No evidence", pod(UNPROVEN), ledger(), None),
    ("named by digest", pod("example.org/tasks:v1"), ledger(), None),
    ("refused: tampered", pod(), ledger("refused: tampered"), None),
    ("ended at", pod(), ledger("2026-05-04T12:00:00+00:00"), None),
    ("No evidence", pod(initContainers=[{"name": "x", "image": UNPROVEN}]), ledger(), None),
    ("No evidence", pod(ephemeralContainers=[{"name": "x", "image": UNPROVEN}]), ledger(), pod()),
    ("named by digest", pod(containers=[SIDECAR | {"name": "x"}]), ledger(), None),
    ("named by digest", pod(containers=[SIDECAR | {"image": "docker.io/x/daprd:1"}]), {}, None),
    ("named by digest", pod(initContainers=[WAIT | {"name": "x"}]), ledger(), None),
    ("named by digest", pod(containers=[WAIT]), ledger(), None),
    ("No evidence", pod(UNPROVEN), ledger(), pod()),
    ("refused: withdrawn", pod(), ledger("refused: withdrawn"), pod(UNPROVEN)),
    *(
        ("No evidence", owner(kind, UNPROVEN), ledger(), None)
        for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")
    ),
]  # fmt: skip


@pytest.mark.parametrize(("why", "obj", "known", "old"), PASSING, ids=[c[0] for c in PASSING])
def test_a_proven_object_passes(why: str, obj: dict, known: dict, old: dict | None) -> None:
    assert evaluate(REQUIRE, obj, params=known, old=old) == [], why


@pytest.mark.parametrize(("words", "obj", "known", "old"), FAILING)
def test_an_unproven_object_is_refused_and_told_what_to_set(
    words: str, obj: dict, known: dict, old: dict | None
) -> None:
    [said] = evaluate(REQUIRE, obj, params=known, old=old)
    assert words in said
    assert "Set " in said


@pytest.mark.parametrize("index", range(4))
def test_every_validation_is_needed(index: int, tmp_path: Path) -> None:
    document = yaml.safe_load(REQUIRE.read_text())
    document["spec"]["validations"].pop(index)
    mutant = tmp_path / f"{index}.yaml"
    mutant.write_text(yaml.safe_dump(document))
    taken = [o for _, o, known, old in FAILING if not evaluate(mutant, o, params=known, old=old)]
    assert taken


# (text, what replaces it): each changes one clause and nothing else.
MUTANTS = [
    ("c.name == 'daprd' && ", ""),
    (" && c.image == 'docker.io/daprio/daprd:1.16.5'", ""),
    ("c.name == 'wait' &&", ""),
    ("pod.ephemeralContainers.map(c, c.image)", "[]"),
    ("pod.initContainers.filter", "[].filter"),
    ("o.spec.jobTemplate.spec.template.spec", "{'containers': []}"),
    (": o.spec.template.spec", ": {'containers': []}"),
    ("<= timestamp(object", "< timestamp(object"),
    ("size(variables.images) == 1 || ", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "weaker"), MUTANTS)
def test_a_changed_clause_is_noticed(text: str, weaker: str, tmp_path: Path) -> None:
    source = REQUIRE.read_text()
    assert text in source, "the mutant no longer applies: adapt it to the policy"
    mutant = tmp_path / "mutant.yaml"
    mutant.write_text(source.replace(text, weaker))

    def lets_through(obj: dict, known: dict, old: dict | None) -> bool:
        try:
            return not evaluate(mutant, obj, params=known, old=old)
        except PolicyError:
            return False

    weakened = any(lets_through(obj, known, old) for _, obj, known, old in FAILING)
    stricter = any(not lets_through(obj, known, old) for _, obj, known, old in PASSING)
    assert weakened or stricter


def test_only_the_verifier_writes_a_ledger() -> None:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": LEDGER}}
    account = f"system:serviceaccount:{POLICY_NAMESPACE}:{GATE_VERIFIER}"
    assert evaluate(PROTECT, document, user=account) == []
    assert evaluate(PROTECT, document, user="admin")
    assert evaluate(PROTECT, document | {"metadata": {"name": "other"}}, user="admin") == []


def test_the_binding_guards_the_guarded_environments_and_denies_without_a_ledger() -> None:
    spec = yaml.safe_load((FOLDER / "require-evidence-binding.yaml").read_text())["spec"]
    assert spec["paramRef"] == {"name": LEDGER, "parameterNotFoundAction": "Deny"}
    [selected] = spec["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert selected == {"key": ENVIRONMENT_LABEL, "operator": "In", "values": list(GUARDED)}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_rule_of_evidence_is_short_enough_to_read_and_fails_closed(path: Path) -> None:
    spec = yaml.safe_load(path.read_text())["spec"]
    assert len(path.read_text().splitlines()) <= 70
    assert spec.get("failurePolicy", "Fail") == "Fail"
    assert spec.get("validationActions", ["Deny"]) == ["Deny"]
