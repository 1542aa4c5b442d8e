"""The custodian against a toy Vault: what it writes, when it does not, and what it never says."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ballast.agents import vault_custodian
from ballast.agents.vault_custodian import Problem, jwk_to_pem


def pem(public: Any) -> str:
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def normal(text: str) -> str:
    return "".join(text.split())


def number(value: int, size: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(size, "big")).rstrip(b"=").decode()


@pytest.fixture(autouse=True)
def _vault_trusts_the_cluster(vault: Any, cluster: Any) -> None:
    trust(vault, cluster)


def trust(vault: Any, cluster: Any) -> None:
    public = cluster.key.public_key().public_numbers()
    vault.trusted = [
        jwk_to_pem({"kty": "RSA", "n": number(public.n, 256), "e": number(public.e, 3)})
    ]


def test_an_rsa_key_becomes_the_pem_that_others_read() -> None:
    public = rsa.generate_private_key(65537, 2048).public_key()
    values = public.public_numbers()
    made = jwk_to_pem({"kty": "RSA", "n": number(values.n, 256), "e": number(values.e, 3)})
    assert normal(made) == normal(pem(public))


def test_an_elliptic_key_becomes_the_pem_that_others_read() -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    values = public.public_numbers()
    key = {"kty": "EC", "crv": "P-256", "x": number(values.x, 32), "y": number(values.y, 32)}
    assert normal(jwk_to_pem(key)) == normal(pem(public))


def test_a_key_of_another_type_is_a_problem() -> None:
    with pytest.raises(Problem, match="type OKP"):
        jwk_to_pem({"kty": "OKP"})


def test_the_first_tick_initialises_unseals_and_configures(scene: Any, vault: Any) -> None:
    scene.custodian().tick()
    assert vault.sealed is False
    assert vault.entries["sys/mounts/database"] == {"type": "database"}
    assert vault.entries["database/roles/tasks-dev"] == {"db_name": "postgres"}
    assert vault.entries["database/config/postgres"]["allowed_roles"] == ["tasks-dev"]
    assert vault.entries["auth/jwt/config"]["bound_issuer"] == "https://issuer"


def test_the_unseal_key_is_kept_and_the_root_token_is_not(
    scene: Any, vault: Any, cluster: Any
) -> None:
    scene.custodian().tick()
    assert base64.b64decode(cluster.secret["key"]).decode() == vault.key
    assert set(cluster.secret) == {"key"}
    assert vault.tokens == {"hvs.login-secret"}


def test_nothing_is_written_when_nothing_changed(
    scene: Any, vault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_custodian, "VERIFY_SECONDS", -1.0)
    custodian = scene.custodian()
    custodian.tick()
    vault.writes.clear()
    custodian.tick()
    assert vault.writes == []


def test_an_entry_that_vault_lost_is_written_again(
    scene: Any, vault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_custodian, "VERIFY_SECONDS", -1.0)
    custodian = scene.custodian()
    custodian.tick()
    vault.writes.clear()
    del vault.entries["database/roles/tasks-dev"]
    custodian.tick()
    assert vault.writes == ["database/roles/tasks-dev"]


def test_a_policy_that_an_older_custodian_wrote_is_extended(scene: Any, vault: Any) -> None:
    scene.custodian().tick()
    policy = vault.entries["sys/policies/acl/custodian"]
    vault.entries["sys/policies/acl/custodian"] = {"policy": "a smaller one"}
    del vault.entries["sys/mounts/transit"]
    vault.writes.clear()
    scene.custodian().tick()
    assert vault.entries["sys/policies/acl/custodian"] == policy
    assert vault.writes.index("sys/policies/acl/custodian") < vault.writes.index(
        "sys/mounts/transit"
    )


def test_what_needs_no_database_is_written_without_one(scene: Any, vault: Any) -> None:
    vault.broken["database/config/postgres"] = (400, {"errors": ["connection refused"]})
    custodian = scene.custodian()
    with pytest.raises(Problem, match="connection refused"):
        custodian.tick()
    assert vault.entries["transit/keys/gate"] == {"type": "ed25519"}


def test_a_restarted_vault_is_unsealed_with_the_kept_key(scene: Any, vault: Any) -> None:
    custodian = scene.custodian()
    custodian.tick()
    vault.sealed = True
    custodian.tick()
    assert vault.sealed is False
    assert vault.roots == 1


def test_a_restarted_custodian_signs_in_without_a_root_token(scene: Any, vault: Any) -> None:
    scene.custodian().tick()
    scene.custodian().tick()
    assert vault.roots == 1


def test_new_signing_keys_are_learnt_through_a_root_token_that_is_revoked(
    scene: Any, vault: Any, cluster: Any
) -> None:
    scene.custodian().tick()
    cluster.rotate()
    trust(vault, cluster)
    scene.custodian().tick()
    assert vault.roots == 2
    assert vault.entries["auth/jwt/config"]["jwt_validation_pubkeys"] == vault.trusted
    assert not [token for token in vault.tokens if token.endswith("x")]


def test_a_database_that_is_not_there_yet_is_tried_again(scene: Any, vault: Any) -> None:
    vault.broken["database/config/postgres"] = (400, {"errors": ["connection refused"]})
    custodian = scene.custodian()
    with pytest.raises(Problem, match="connection refused"):
        custodian.tick()
    assert vault.sealed is False
    vault.broken.clear()
    custodian.tick()
    assert "database/roles/tasks-dev" in vault.entries


def test_vault_is_not_initialised_while_the_key_cannot_be_kept(
    scene: Any, vault: Any, cluster: Any
) -> None:
    cluster.read_only = True
    with pytest.raises(Problem, match="forbidden"):
        scene.custodian().tick()
    assert vault.key is None


def test_a_lost_key_is_a_problem_that_says_what_to_do(scene: Any, vault: Any, cluster: Any) -> None:
    custodian = scene.custodian()
    custodian.tick()
    cluster.secret.clear()
    vault.sealed = True
    with pytest.raises(Problem, match="restore the Secret"):
        custodian.tick()


def test_a_vault_that_does_not_answer_is_a_problem(scene: Any) -> None:
    scene.vault_url = "http://127.0.0.1:9"
    with pytest.raises(Problem, match="does not answer"):
        scene.custodian().tick()


def test_a_plugin_that_is_built_in_is_not_registered(scene: Any, vault: Any) -> None:
    (scene.root / "plugin/sha256").write_text("")
    scene.custodian().tick()
    assert not [path for path in vault.entries if "plugins" in path]


def test_an_external_plugin_is_registered_by_its_hash(scene: Any, vault: Any) -> None:
    scene.custodian().tick()
    [plugin] = [body for path, body in vault.entries.items() if "plugins" in path]
    assert plugin["sha256"] == "ab12"


def test_no_secret_is_ever_printed(
    scene: Any, vault: Any, cluster: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.custodian().tick()
    said = capsys.readouterr().out
    assert "unsealed" in said
    assert "secret" not in said.replace("Secret ", "")
    assert vault.key not in said
