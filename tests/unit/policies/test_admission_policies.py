"""Each admission policy refuses what it must, passes what it may, and no clause of it is idle."""

from pathlib import Path

import pytest
import yaml

from ballast.paths import repository_root
from ballast.policy.cel import PolicyError, evaluate

POLICIES = repository_root() / "policies" / "admission"
FIXTURES = Path(__file__).parent / "fixtures"
PASSING = sorted((FIXTURES / "pass").glob("*.yaml"))
FAILING = sorted((FIXTURES / "fail").glob("*.yaml"))
NAMES = sorted(path.stem for path in POLICIES.glob("*.yaml"))

# (policy, text, what replaces it): each weakens one clause and nothing else.
MUTANTS = [
    ("require-limits", "'cpu' in c.resources.limits", "true"),
    ("require-limits", "'memory' in c.resources.limits", "true"),
    ("require-limits", "'cpu' in c.resources.requests", "true"),
    ("require-limits", "'memory' in c.resources.requests", "true"),
    ("require-limits", "? variables.pod.initContainers : []", "? [] : []"),
    ("require-limits", "object.spec.jobTemplate.spec.template.spec", "{'containers': []}"),
    ("require-limits", ": object.spec.template.spec", ": {'containers': []}"),
    ("require-non-root", "? c.securityContext.runAsNonRoot", "? true"),
    ("require-non-root", "has(variables.podSecurity.runAsNonRoot) &&", "true ||"),
    ("require-non-root", "variables.podSecurity.runAsUser == 0", "false"),
    ("require-non-root", "c.securityContext.runAsUser == 0", "false"),
    ("require-non-root", "has(c.securityContext.allowPrivilegeEscalation) &&", "true ||"),
    ("require-non-root", "!c.securityContext.allowPrivilegeEscalation", "true"),
    ("require-non-root", "&& c.securityContext.privileged", "&& false"),
    ("require-non-root", "'hostNetwork', ", ""),
    ("require-non-root", "'hostPID', ", ""),
    ("require-non-root", ", 'hostIPC'", ""),
    ("require-non-root", "? variables.pod.initContainers : []", "? [] : []"),
    ("require-non-root", "object.spec.jobTemplate.spec.template.spec", "{'containers': []}"),
    ("require-non-root", ": object.spec.template.spec", ": {'containers': []}"),
]  # fmt: skip


def load(path: Path) -> dict[str, object]:
    return yaml.safe_load(path.read_text())


def reason(path: Path) -> str:
    """The first line of a fixture says why it is there; of a failing one, which policy minds."""
    return path.read_text().splitlines()[0].removeprefix("# ")


def lets_through(policy: Path, obj: dict[str, object]) -> bool:
    """Whether a policy takes an object; one that it cannot read is not taken."""
    try:
        return not evaluate(policy, obj)
    except PolicyError:
        return False


def refused_by(path: Path) -> str:
    return reason(path).split(":", 1)[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", PASSING, ids=lambda path: path.stem)
def test_a_good_object_passes(name: str, path: Path) -> None:
    assert evaluate(POLICIES / f"{name}.yaml", load(path)) == [], reason(path)


@pytest.mark.parametrize("path", FAILING, ids=lambda path: path.stem)
def test_a_bad_object_is_refused_by_the_policy_that_its_reason_names(path: Path) -> None:
    assert evaluate(POLICIES / f"{refused_by(path)}.yaml", load(path)), reason(path)


@pytest.mark.parametrize("path", FAILING, ids=lambda path: path.stem)
def test_a_bad_object_has_one_fault_only(path: Path) -> None:
    others = [name for name in NAMES if name != refused_by(path)]
    assert [evaluate(POLICIES / f"{name}.yaml", load(path)) for name in others] == [[]]


@pytest.mark.parametrize("path", FAILING, ids=lambda path: path.stem)
def test_a_refusal_says_which_field_to_set(path: Path) -> None:
    messages = evaluate(POLICIES / f"{refused_by(path)}.yaml", load(path))
    assert all("Set " in message or "Remove " in message for message in messages)


@pytest.mark.parametrize("path", [*PASSING, *FAILING], ids=lambda path: path.stem)
def test_every_fixture_gives_its_reason(path: Path) -> None:
    assert path.read_text().startswith("# ")
    assert len(reason(path)) > 20


@pytest.mark.parametrize(("policy", "text", "weaker"), MUTANTS)
def test_a_weakened_clause_lets_a_bad_object_through(
    policy: str, text: str, weaker: str, tmp_path: Path
) -> None:
    source = (POLICIES / f"{policy}.yaml").read_text()
    assert text in source, "the mutant no longer applies: adapt it to the policy"
    mutant = tmp_path / f"{policy}.yaml"
    mutant.write_text(source.replace(text, weaker))

    bad = [path for path in FAILING if refused_by(path) == policy]

    assert [path.stem for path in bad if lets_through(mutant, load(path))]


@pytest.mark.parametrize("policy", NAMES)
def test_every_validation_is_needed(policy: str, tmp_path: Path) -> None:
    document = yaml.safe_load((POLICIES / f"{policy}.yaml").read_text())
    bad = [load(path) for path in FAILING if refused_by(path) == policy]
    for index in range(len(document["spec"]["validations"])):
        spec = document["spec"] | {
            "validations": [v for i, v in enumerate(document["spec"]["validations"]) if i != index]
        }
        mutant = tmp_path / f"{policy}-{index}.yaml"
        mutant.write_text(yaml.safe_dump(document | {"spec": spec}))
        assert any(lets_through(mutant, obj) for obj in bad), f"validation {index} refuses nothing"


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_enforced_in_every_environment_and_nowhere_else(name: str) -> None:
    spec = yaml.safe_load((POLICIES / f"{name}.yaml").read_text())["spec"]

    assert spec["validationActions"] == ["Deny"]
    selector = spec["matchConstraints"]["namespaceSelector"]["matchExpressions"]
    assert selector == [{"key": "ballast.dev/environment", "operator": "Exists"}]


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_covers_pods_and_everything_that_makes_them(name: str) -> None:
    spec = yaml.safe_load((POLICIES / f"{name}.yaml").read_text())["spec"]
    covered = {
        kind for rule in spec["matchConstraints"]["resourceRules"] for kind in rule["resources"]
    }

    assert covered == {
        "pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs"
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_policy_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 60


def test_an_object_that_a_policy_cannot_read_is_not_taken() -> None:
    broken = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {}}

    with pytest.raises(PolicyError, match=r"require-limits\.yaml: variable pod"):
        evaluate(POLICIES / "require-limits.yaml", broken)


def test_an_object_that_no_policy_is_about_passes() -> None:
    assert evaluate(POLICIES / "require-limits.yaml", {"apiVersion": "v1", "kind": "Service"}) == []


def test_an_expression_outside_the_shared_language_is_named(tmp_path: Path) -> None:
    document = yaml.safe_load((POLICIES / "require-limits.yaml").read_text())
    document["spec"]["validations"] = [{"expression": "quantity('1') > 0", "message": "Set it."}]
    path = tmp_path / "odd.yaml"
    path.write_text(yaml.safe_dump(document))

    with pytest.raises(PolicyError, match=r"odd\.yaml: validation 1: .*quantity"):
        evaluate(path, load(PASSING[0]))
