"""policies/rego: its own tests pass, and each rule is needed by one of them."""

import re
import subprocess
from pathlib import Path

import pytest

from ballast.errors import BallastError
from ballast.gate.opa import decide
from ballast.paths import repository_root

POLICY = repository_root() / "policies" / "rego"
SOURCE = (POLICY / "promotion.rego").read_text()
RULES = [block for block in SOURCE.split("\n\n") if block.lstrip().startswith("deny contains")]


def opa_test(opa: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [opa, "test", str(folder)], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_policy_passes_its_tests(opa):
    done = opa_test(opa, POLICY)
    assert done.returncode == 0, done.stdout


def test_the_policy_is_strict_rego(opa):
    command = [opa, "check", "--strict", str(POLICY)]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("rule", RULES, ids=[re.findall(r'"([^"]*)"', r)[0][:50] for r in RULES])
def test_no_rule_can_be_removed_unnoticed(opa, tmp_path, rule):
    (tmp_path / "promotion.rego").write_text(SOURCE.replace(rule, ""))
    (tmp_path / "promotion_test.rego").write_text((POLICY / "promotion_test.rego").read_text())
    assert opa_test(opa, tmp_path).returncode == 2


def test_an_empty_question_is_denied_by_the_server(opa):
    decision = decide(opa, POLICY / "promotion.rego", {})
    assert not decision.allow
    assert "there is no record of a gate run" in decision.reasons


def test_a_policy_that_decides_nothing_is_no_permission(opa, tmp_path):
    (tmp_path / "empty.rego").write_text("package ballast.promotion\n")
    with pytest.raises(BallastError, match="no decision"):
        decide(opa, tmp_path / "empty.rego", {})


def test_a_policy_that_allows_with_reasons_is_no_permission(opa, tmp_path):
    (tmp_path / "odd.rego").write_text(
        'package ballast.promotion\ndecision := {"allow": true, "reasons": ["why"]}\n'
    )
    with pytest.raises(BallastError, match="no decision"):
        decide(opa, tmp_path / "odd.rego", {})


def test_a_server_that_does_not_start_is_a_sentence(tmp_path):
    broken = tmp_path / "opa"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(BallastError, match="ended with code 3"):
        decide(broken, POLICY / "promotion.rego", {})
