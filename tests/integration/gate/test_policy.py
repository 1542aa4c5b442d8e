"""policies/rego: its own tests pass, and each rule is needed by one of them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ballast.errors import BallastError
from ballast.gate.opa import decide
from ballast.paths import repository_root

POLICY = repository_root() / "policies" / "rego"
FILES = [path for path in sorted(POLICY.glob("*.rego")) if not path.stem.endswith("_test")]
RULES = [
    (path.name, block)
    for path in FILES
    for block in path.read_text().split("\n\n")
    if re.match(r"(#.*\n)*(deny|hotfix_flaws|sign_off_denied|sign_off_flaws) contains", block)
]


def opa_test(opa: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [opa, "test", str(folder)], capture_output=True, text=True, check=False, timeout=240
    )


def test_the_policy_passes_its_tests(opa):
    done = opa_test(opa, POLICY)
    assert done.returncode == 0, done.stdout


def test_the_policy_is_strict_rego(opa):
    command = [opa, "check", "--strict", str(POLICY)]
    assert subprocess.run(command, check=False, timeout=240).returncode == 0


@pytest.mark.parametrize(
    ("file", "rule"),
    RULES,
    ids=[(re.findall(r'"([^"]*)"', rule) or [rule])[0][:50] for _, rule in RULES],
)
def test_no_rule_can_be_removed_unnoticed(opa, tmp_path, file, rule):
    shutil.copytree(POLICY, tmp_path, dirs_exist_ok=True)
    weakened = (POLICY / file).read_text().replace(rule, "")
    (tmp_path / file).write_text(weakened)
    assert opa_test(opa, tmp_path).returncode == 2


# (file, text, what replaces it): each weakens one condition and nothing else.
MUTANTS = [
    ("hotfix.rego", 'hotfix_may_leave_out := "chaos/"', 'hotfix_may_leave_out := ""'),
    ("hotfix.rego", "\tcount(hotfix_flaws) == 0\n", ""),
    ("hotfix.rego", "\thotfix_counts\n\tstartswith", "\tstartswith"),
    ("restrictions.rego", "\tfreeze.environment == to\n\ttime", "\ttime"),
    ("restrictions.rego", '"exhausted", true) != false', '"exhausted", false) != false'),
    ("restrictions.rego", '"exhausted", true) != false', '"exhausted", true) == null'),
    ("restrictions.rego", "count(budget_of(slo)) != 1", "count(budget_of(slo)) == 0"),
    ("chain.rego", "not arrival_verified == true", "arrival_verified == null"),
    ("sign_off.rego", "\tnot hotfix_counts\n\tsome role", "\tsome role"),
    (
        "sign_off.rego",
        "\thotfix_counts\n\tcount(roles_of_target) > 0\n\tsome",
        "\thotfix_counts\n\tsome",
    ),
    ("sign_off.rego", "; flawed == index", ""),
    ("sign_off.rego", "\tnot role in signed_off\n", ""),
    ("sign_off.rego", '\tclaim(index, "role") == role\n', ""),
    ("sign_off.rego", "\tkey_of(first) == key_of(second)\n", ""),
    ("sign_off.rego", "\tone in needed_roles\n\tother in needed_roles\n", ""),
    ("sign_off.rego", "\tone < other\n", "\tone <= other\n"),
    ("sign_off.rego", 'claim(index, "until")) <= time', 'claim(index, "until")) < time'),
    ("sign_off.rego", "\tsubject.name == repository\n", ""),
]


@pytest.mark.parametrize(("file", "text", "weaker"), MUTANTS)
def test_a_weakened_condition_is_noticed(opa, tmp_path, file, text, weaker):
    shutil.copytree(POLICY, tmp_path, dirs_exist_ok=True)
    source = (POLICY / file).read_text()
    assert text in source, "the mutant no longer applies: adapt it to the policy"
    (tmp_path / file).write_text(source.replace(text, weaker))
    assert opa_test(opa, tmp_path).returncode == 2


def test_an_empty_question_is_denied_by_the_server(opa):
    decision = decide(opa, POLICY, {})
    assert not decision.allow
    assert "there is no record of a gate run" in decision.reasons


def test_a_policy_that_decides_nothing_is_no_permission(opa, tmp_path):
    (tmp_path / "empty.rego").write_text("package ballast.promotion\n")
    with pytest.raises(BallastError, match="no decision"):
        decide(opa, tmp_path, {})


def test_a_policy_that_allows_with_reasons_is_no_permission(opa, tmp_path):
    (tmp_path / "odd.rego").write_text(
        'package ballast.promotion\ndecision := {"allow": true, "reasons": ["why"]}\n'
    )
    with pytest.raises(BallastError, match="no decision"):
        decide(opa, tmp_path, {})


def test_a_server_that_does_not_start_is_a_sentence(tmp_path):
    broken = tmp_path / "opa"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(BallastError, match="ended with code 3"):
        decide(broken, POLICY, {})
