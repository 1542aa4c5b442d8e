"""The gate's key on the running platform: in Vault, committed, and good for evidence."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from ballast import names
from ballast.cli import app
from ballast.gate import signing
from ballast.gate.account_token import account_token
from ballast.gate.custody import in_vault
from ballast.gate.platform_signer import platform_signer
from ballast.gate.record_store import FOLDER, committed_keys
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi

pytestmark = pytest.mark.e2e


def test_the_key_that_signs_is_in_vault_and_trusted(api: KubeApi, git: GitServer) -> None:
    outcome = CliRunner().invoke(app, ["gate", "key", "show", "--json"])
    assert outcome.exit_code == 0, outcome.output
    [signs] = [row for row in json.loads(outcome.output) if row["signs"]]
    assert signs["trusted"]
    assert f"kept in hv:{names.GATE_KEY}/" in signs["said"]


def test_a_signature_of_vault_verifies_with_the_committed_half(
    api: KubeApi, git: GitServer
) -> None:
    signer = platform_signer(api, git)
    assert in_vault(signer.public_key)
    text = signing.sign({"predicate": {"for": "a test"}}, signer)
    assert signing.open_envelope(text, committed_keys(git.read_folder(FOLDER))).verified


def test_another_account_of_the_cluster_gets_no_signature(api: KubeApi) -> None:
    token = account_token(api, names.POLICY_NAMESPACE, names.GATE_VERIFIER, names.VAULT_AUDIENCE)
    answer = httpx.post(
        f"http://127.0.0.1:{names.VAULT_PORT}/v1/auth/jwt/login",
        json={"role": names.GATE_SIGNER, "jwt": token},
        trust_env=False,
    )
    assert answer.status_code == 400


def test_a_sign_off_by_a_key_without_a_role_is_refused_with_what_to_review(tmp_path: Path) -> None:
    command = ["sign-off", "prod", "--as", "tech-lead", "--key", str(tmp_path / "own.key")]
    outcome = CliRunner().invoke(app, command)
    assert outcome.exit_code == 1
    assert "does not hold the role tech-lead" in str(outcome.exception)
