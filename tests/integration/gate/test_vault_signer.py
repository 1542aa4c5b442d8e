"""Evidence signed by a real Vault, signed in to with tokens of a real API server."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import jwt
import pytest
from vault_custody import VaultCustody
from vault_server import SmallCluster

from ballast import release
from ballast.agents.vault_custodian import Problem
from ballast.bringup.baseline import permit_baselines
from ballast.bringup.signing_key import configured, signing_key
from ballast.components.namespaces import namespace_manifest
from ballast.components.vault_plan import CUSTODIAN, gate_accounts
from ballast.errors import BallastError
from ballast.gate import platform_signer, signing
from ballast.gate.account_token import account_token
from ballast.gate.admission import IN_FORCE
from ballast.gate.checkout import Checkout
from ballast.gate.custody import custody_of, endorser_of, in_vault
from ballast.gate.keys import adopt, choose, rotate
from ballast.gate.record_store import FOLDER, KEYS, committed_keys, key_path
from ballast.gate.transit import Transit, UnavailableError, signers
from ballast.gate.verify_clone import verify_clone
from ballast.kubeapi import KubeApi
from ballast.names import GATE_KEY, GATE_ROTATOR, GATE_SIGNER, VAULT_AUDIENCE, VAULT_NAMESPACE

STATEMENT = {"subject": [{"name": "a", "digest": {"sha256": "0" * 64}}], "predicate": {}}
NO_DATABASE = "127.0.0.1:9"


class IssuingCluster(SmallCluster):
    """The real API server's keys and tokens, where the custodian looks for them."""

    def __init__(self, api: KubeApi) -> None:
        self.api = api
        super().__init__()

    def rotate(self) -> None:
        """The API server has its key."""

    def jwks(self) -> dict:
        # It is of another media type than the client asks for.
        url = f"{self.api.endpoint.server}/openid/v1/jwks"
        answer = httpx.get(url, verify=self.api.transport.session().tls, trust_env=False)
        return answer.raise_for_status().json()

    def token(self, namespace: str, account: str, audience: str = VAULT_AUDIENCE) -> str:
        return account_token(self.api, namespace, account, audience)


def configure(custody: VaultCustody) -> None:
    """One tick; there is no database here, and the gate's key does not wait for one."""
    with pytest.raises(Problem, match="database/config"):
        custody.custodian().tick()


@pytest.fixture(scope="module")
def cluster(control_plane) -> Iterator[KubeApi]:
    """Vault's namespace with the accounts that the platform makes there, and a Service."""
    with KubeApi.from_kubeconfig(control_plane.kubeconfig) as api:
        custodian = {"name": CUSTODIAN, "namespace": VAULT_NAMESPACE}
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": custodian}
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "vault", "namespace": VAULT_NAMESPACE},
            "spec": {"ports": [{"port": 8200}]},
        }
        for manifest in [
            namespace_manifest(VAULT_NAMESPACE), account, service, *gate_accounts()
        ]:  # fmt: skip
            api.apply(manifest, "tests")
        yield api
        api.delete("v1", "Service", "vault", VAULT_NAMESPACE)


@pytest.fixture(scope="module")
def custody(cluster: KubeApi, tmp_path_factory) -> Iterator[VaultCustody]:
    made = VaultCustody(tmp_path_factory.mktemp("custody"), NO_DATABASE, IssuingCluster(cluster))
    try:
        made.start()
        configure(made)
        yield made
    finally:
        made.stop()


@pytest.fixture
def vault(custody: VaultCustody) -> Transit:
    def token(account: str) -> str:
        return custody.cluster.token(VAULT_NAMESPACE, account)

    return Transit(custody.vault.url, token)


@pytest.fixture
def here(monkeypatch, custody: VaultCustody, cluster: KubeApi) -> KubeApi:
    """The cluster, whose Vault is reached where a platform's would be."""
    monkeypatch.setattr(platform_signer, "VAULT_PORT", custody.vault.port)
    return cluster


def opened(text: str, git) -> signing.Opened:
    return signing.open_envelope(text, committed_keys(git.read_folder(FOLDER)))


def test_what_vault_signed_verifies_offline_with_the_public_half_alone(
    custody, vault, git, tmp_path
):
    signer = signers(vault)[0]
    adopt(git, signer)
    text = signing.sign(STATEMENT, signer)
    custody.vault.stop()
    try:
        assert opened(text, git).verified
        assert not opened(text.replace('"sig": "', '"sig": "AAAA'), git).verified
        assert in_vault(committed_keys(git.read_folder(KEYS))[0])
    finally:
        custody.vault.start()
        configure(custody)


def test_the_key_is_one_that_vault_does_not_give_out(custody, vault):
    token = custody.login(GATE_SIGNER, VAULT_NAMESPACE, GATE_SIGNER).json()["auth"]["client_token"]
    facts = custody.vault.request("GET", f"transit/keys/{GATE_KEY}", token).json()["data"]
    assert facts["type"] == "ed25519"
    assert (facts["exportable"], facts["allow_plaintext_backup"]) == (False, False)
    assert facts["deletion_allowed"] is False


def test_a_login_lasts_five_minutes_and_is_kept_nowhere(custody):
    auth = custody.login(GATE_SIGNER, VAULT_NAMESPACE, GATE_SIGNER).json()["auth"]
    assert auth["lease_duration"] == 300
    assert auth["token_type"] == "batch"
    assert auth["renewable"] is False


@pytest.mark.parametrize(
    ("account", "method", "path"),
    [
        (GATE_SIGNER, "POST", f"transit/keys/{GATE_KEY}/rotate"),
        (GATE_SIGNER, "POST", f"transit/keys/{GATE_KEY}/config"),
        (GATE_SIGNER, "GET", f"transit/export/signing-key/{GATE_KEY}"),
        (GATE_SIGNER, "DELETE", f"transit/keys/{GATE_KEY}"),
        (GATE_SIGNER, "POST", "transit/sign/another"),
        (GATE_SIGNER, "GET", "database/creds/tasks-dev"),
        (GATE_ROTATOR, "POST", f"transit/sign/{GATE_KEY}"),
        (GATE_ROTATOR, "POST", f"transit/keys/{GATE_KEY}/config"),
    ],
)
def test_an_account_may_do_its_own_work_and_nothing_else(custody, account, method, path):
    token = custody.login(account, VAULT_NAMESPACE, account).json()["auth"]["client_token"]
    answer = custody.vault.request(method, path, token, {"input": "AAAA"})
    assert answer.status_code == 403


def test_another_account_cannot_sign_in_as_the_signer(custody):
    assert custody.login(GATE_SIGNER, VAULT_NAMESPACE, GATE_ROTATOR).status_code == 400
    assert custody.login(GATE_SIGNER, VAULT_NAMESPACE, "default").status_code == 400


def test_a_token_for_the_api_server_is_none_for_vault(custody):
    assert custody.login(GATE_SIGNER, VAULT_NAMESPACE, GATE_SIGNER, "").status_code == 400


def test_a_login_that_vault_refuses_says_what_to_do(custody, vault):
    foreign = replace(vault, jwt=lambda _: custody.cluster.token(VAULT_NAMESPACE, "default"))
    with pytest.raises(BallastError, match="Vault refuses the gate's key") as refusal:
        signers(foreign)
    assert "make up" in refusal.value.fix
    assert "No other key signs in its place" in refusal.value.fix


def test_a_key_that_vault_has_not_is_refused(vault):
    with pytest.raises(BallastError, match="Vault refuses the gate's key another"):
        signers(replace(vault, key="another"))


def test_a_sealed_vault_signs_nothing_and_says_who_opens_it(custody, vault):
    custody.vault.stop()
    custody.vault.start()
    try:
        with pytest.raises(UnavailableError, match="sealed") as refusal:
            signers(vault)
        assert "vault-custodian" in refusal.value.fix
    finally:
        configure(custody)


def test_a_vault_that_is_opened_meanwhile_is_waited_for(custody, vault):
    signer = signers(replace(vault, patience=60.0))[0]
    custody.vault.stop()
    custody.vault.start()
    opening = threading.Thread(target=lambda: (time.sleep(1), configure(custody)))
    opening.start()
    try:
        text = signing.sign(STATEMENT, signer)
    finally:
        opening.join()
    assert signing.open_envelope(text, [signer.public_key]).verified


def test_a_vault_out_of_reach_signs_nothing():
    with pytest.raises(UnavailableError, match="does not answer"):
        signers(Transit("http://127.0.0.1:9", lambda _: "token"))


def test_no_file_key_takes_the_place_of_a_vault_that_git_names(custody, here, git, monkeypatch):
    adopt(git, platform_signer.platform_signer(here, git))
    before = signing.key_file().exists()
    monkeypatch.setattr(platform_signer, "VAULT_PORT", 9)
    with pytest.raises(BallastError, match="does not answer"):
        platform_signer.platform_signer(here, git, patience=0)
    monkeypatch.setattr(platform_signer, "SERVICE", "gone")
    with pytest.raises(BallastError, match="this cluster has none"):
        platform_signer.platform_signer(here, git, patience=0)
    assert signing.key_file().exists() == before


def test_a_cluster_without_a_vault_signs_with_a_file(here, git, monkeypatch, tmp_path):
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(platform_signer, "SERVICE", "gone")
    signer = platform_signer.platform_signer(here, git)
    assert custody_of(signer.public_key) == "file"
    assert signing.key_file().exists()


def test_a_bring_up_waits_for_the_key_and_says_why_it_has_none(custody, vault):
    assert configured(vault, seconds=60)
    with pytest.raises(BallastError, match="another"):
        configured(replace(vault, key="another"), seconds=0.3)


def test_a_bring_up_commits_the_key_once(here, git):
    said: list[str] = []
    signing_key(here, git, said.append)
    first = git.head()
    signing_key(here, git, said.append)
    assert git.head() == first
    assert len(said) == 1


def test_a_new_version_signs_and_what_the_old_one_signed_still_counts(vault, git):
    old = signers(vault)[0]
    adopt(git, old)
    before = signing.sign(STATEMENT, old)
    new = rotate(git, vault)
    after = signing.sign(STATEMENT, new)
    assert new.version == old.version + 1
    assert choose(signers(vault), committed_keys(git.read_folder(FOLDER))).version == new.version
    assert opened(before, git).verified
    assert opened(after, git).key_id == new.public_key.keyid
    assert opened(after, git).verified


def test_an_interrupted_rotation_still_signs_and_is_finished_by_the_next(vault, git):
    old = signers(vault)[0]
    adopt(git, old)
    vault.rotate()  # and nothing is committed
    assert choose(signers(vault), committed_keys(git.read_folder(FOLDER))).version == old.version
    assert rotate(git, vault).version == old.version + 1


def test_a_rotation_that_distrusts_leaves_one_first_key(vault, git):
    old = signers(vault)[0]
    adopt(git, old)
    text = signing.sign(STATEMENT, old)
    new = rotate(git, vault, distrust=True)
    assert [key.keyid for key in committed_keys(git.read_folder(FOLDER))] == [new.public_key.keyid]
    assert not opened(text, git).verified


def test_a_vault_that_was_begun_anew_is_not_trusted_without_a_word(vault, git, tmp_path):
    adopt(git, signing.signer(tmp_path / "lost.key"))
    before = git.head()
    with pytest.raises(BallastError, match="to vouch for the new one"):
        rotate(git, vault)
    assert git.head() == before
    assert rotate(git, vault, distrust=True).version == signers(vault)[0].version


def checkout(git, root) -> Checkout:
    for folder in ("gitops/evidence", "gitops/environments", "gitops/gate"):
        for path, text in git.read_folder(folder).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
    return Checkout(root)


def test_a_platform_that_signed_with_a_file_goes_over_to_vault_and_a_clone_proves_it(
    here, gate, make_record, tmp_path
):
    """The file's bootstrap permit, the change, a promotion by Vault, a rotation: one chain."""
    git = gate.git
    by_file = signing.signer()
    permit_baselines(git, frozenset(), by_file)
    signer = signing_key(here, git, lambda _: None)
    gate.promote(make_record(signer=signer), signer=lambda: signer)
    rotate(git, platform_signer.transit_of(here))
    found = verify_clone(checkout(git, tmp_path / "clone"))
    assert [f"{f.path}: {f.said}" for f in found if not f.sound] == []
    keys = {key.keyid: key for key in committed_keys(git.read_folder(FOLDER))}
    assert endorser_of(keys[signer.public_key.keyid]) == by_file.public_key.keyid
    assert sorted(custody_of(key)[:4] for key in keys.values()) == ["file", "hv:b", "hv:b"]
    index = json.loads(git.read_file("gitops/evidence/index.json"))
    [promotion] = [entry for entry in index if entry.get("permit") == "promotion"]
    envelope = json.loads(git.read_file(promotion["file"]))
    assert envelope["signatures"][0]["keyid"] == signer.public_key.keyid


def presented(record, tmp_path):
    path = tmp_path / "presented.dsse.json"
    path.write_text(record.text)
    return path


def test_a_record_of_before_a_rotation_still_promotes(here, gate, make_record, tmp_path):
    old = signing_key(here, gate.git, lambda _: None)
    record = make_record(signer=old)
    new = rotate(gate.git, platform_signer.transit_of(here))
    gate.promote(record, evidence=presented(record, tmp_path), signer=lambda: new)
    [admitted] = gate.admitted
    assert set(admitted.values()) == {IN_FORCE}
    assert all(finding.sound for finding in verify_clone(checkout(gate.git, tmp_path / "clone")))


def test_a_record_of_a_retired_key_is_refused(here, gate, make_record, refused, tmp_path):
    old = signing_key(here, gate.git, lambda _: None)
    record = make_record(signer=old)
    new = rotate(gate.git, platform_signer.transit_of(here))
    gate.git.commit_files("Retire", {key_path(old.public_key): None})
    said = refused(record, evidence=presented(record, tmp_path), signer=lambda: new)
    assert f"key {old.public_key.keyid[:12]} is not trusted" in said


def test_a_platform_that_was_purged_begins_anew_and_takes_no_record_of_before(
    here, gate, make_record, refused, tmp_path
):
    """Vault, its key and the evidence in Git are gone; records lie in the runs' folder still."""
    record = make_record(signer=signing.signer(tmp_path / "purged.key"))
    signer = signing_key(here, gate.git, lambda _: None)
    assert permit_baselines(gate.git, frozenset(), signer) == ["staging"]
    said = refused(record, evidence=presented(record, tmp_path), signer=lambda: signer)
    assert "the record cannot be trusted" in said
    gate.promote(make_record(signer=signer), signer=lambda: signer)
    assert all(finding.sound for finding in verify_clone(checkout(gate.git, tmp_path / "clone")))


def test_evidence_that_outlived_its_vault_stops_a_bring_up_which_says_how_to_go_on(
    here, gate, make_record, tmp_path
):
    git, lost = gate.git, signing.signer(tmp_path / "lost.key")
    adopt(git, lost)
    permit_baselines(git, frozenset(), lost)
    with pytest.raises(BallastError, match="to vouch for the new one") as stopped:
        signing_key(here, git, lambda _: None)
    assert "ballast gate key rotate --distrust" in stopped.value.fix
    new = rotate(git, platform_signer.transit_of(here), distrust=True)
    assert signing_key(here, git, lambda _: None).public_key.keyid == new.public_key.keyid
    gate.promote(make_record(signer=new), signer=lambda: new)
    [admitted] = gate.admitted
    promoted = release.parse(git.read_file(release.path_of("staging"))).digests
    assert {admitted[digest] for digest in promoted.values()} == {IN_FORCE}


def test_a_clone_tells_of_a_key_that_came_from_nowhere(here, gate, make_record, tmp_path):
    git = gate.git
    signer = signing_key(here, git, lambda _: None)
    permit_baselines(git, frozenset(), signer)
    stranger = signing.signer(tmp_path / "stranger.key").public_key
    git.commit_files("Smuggle", {f"{KEYS}/a.json": signing.public_document(stranger)})
    said = [f.said for f in verify_clone(checkout(git, tmp_path / "clone")) if not f.sound]
    assert len(said) == 2
    assert all("2 keys have none that vouches for them, one may" in one for one in said)


def test_the_signers_token_is_for_vault_and_for_ten_minutes(cluster):
    token = account_token(cluster, VAULT_NAMESPACE, GATE_SIGNER, VAULT_AUDIENCE)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == [VAULT_AUDIENCE]
    assert claims["sub"] == f"system:serviceaccount:{VAULT_NAMESPACE}:{GATE_SIGNER}"
    assert claims["exp"] - claims["iat"] <= 600


def test_an_account_that_does_not_exist_is_a_sentence(cluster):
    with pytest.raises(BallastError, match="nobody cannot sign in"):
        account_token(cluster, VAULT_NAMESPACE, "nobody", VAULT_AUDIENCE)
