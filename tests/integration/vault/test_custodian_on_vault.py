"""The custodian, a real Vault, a real PostgreSQL: from sealed storage to a user of a database."""

import asyncio
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from postgres import PostgresServer
from vault_custody import VaultCustody

from ballast.components.database_layout import layout_sql
from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.faults import FAULTS, revoke
from ballast.gate.order import Order, Site


class Scene(VaultCustody):
    """A custodian with the database that it hands out users of."""

    def __init__(self, folder: Path) -> None:
        self.postgres = PostgresServer(folder / "postgres")
        super().__init__(folder, f"127.0.0.1:{self.postgres.port}")

    def start(self) -> None:
        self.postgres.start()
        self.lay_out()
        super().start()

    def stop(self) -> None:
        super().stop()
        self.postgres.stop()

    def custodian_token(self) -> str:
        return self.login("custodian", "vault", "vault-custodian").json()["auth"]["client_token"]

    def service_token(self) -> str:
        answer = self.login("tasks-dev", "todo-app-dev", "task-service")
        assert answer.status_code == 200, answer.text
        return answer.json()["auth"]["client_token"]

    def credentials(self) -> dict[str, Any]:
        answer = self.vault.request("GET", "database/creds/tasks-dev", self.service_token())
        assert answer.status_code == 200, answer.text
        return answer.json()

    def lay_out(self) -> None:
        """Run the layout as the platform's Job does: it is a script for psql, run any often."""
        address = f"postgresql://postgres@127.0.0.1:{self.postgres.port}/postgres"
        for _ in range(2):
            subprocess.run(
                [self.postgres.programs / "psql", "--set=ON_ERROR_STOP=1", "--no-psqlrc", address],
                input=layout_sql(["dev"]),
                text=True,
                check=True,
            )

    def sql(self, text: str, user: str = "postgres", database: str = "postgres") -> list[Any]:
        async def run() -> list[Any]:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.postgres.port, user=user, database=database
            )
            try:
                found: list[Any] = []
                for statement in filter(None, (part.strip() for part in text.split(";"))):
                    found = await connection.fetch(statement)
                return found
            finally:
                await connection.close()

        return asyncio.run(run())


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("custodian"))
    try:
        made.start()
        made.custodian().tick()
        yield made
    finally:
        made.stop()


def test_a_service_gets_a_user_that_acts_as_the_owner_of_its_database(scene: Scene) -> None:
    user = scene.credentials()["data"]["username"]
    scene.sql("CREATE TABLE proof (id int)", user, "tasks_dev")
    [row] = scene.sql(
        "SELECT tableowner FROM pg_tables WHERE tablename = 'proof'", user, "tasks_dev"
    )
    assert row["tableowner"] == "tasks_dev_owner"


def test_another_service_account_is_refused(scene: Scene) -> None:
    assert scene.login("tasks-dev", "todo-app-dev", "notification-service").status_code == 400
    assert scene.login("tasks-dev", "todo-app-staging", "task-service").status_code == 400


def test_a_token_for_another_audience_is_refused(scene: Scene) -> None:
    assert scene.login("tasks-dev", "todo-app-dev", "task-service", "other").status_code == 400


def test_a_service_may_not_ask_for_another_ones_user(scene: Scene) -> None:
    answer = scene.vault.request("GET", "database/creds/notifications-dev", scene.service_token())
    assert answer.status_code == 403


def test_a_revoked_user_is_gone_from_the_database(scene: Scene) -> None:
    lease = scene.credentials()
    token = scene.custodian_token()
    path = "sys/leases/revoke-prefix/database/creds/tasks-dev"
    assert scene.vault.request("PUT", path, token).status_code == 204
    name = lease["data"]["username"]
    assert scene.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'") == []


class VaultAndDatabase:
    """The Kubernetes API as the revoking fault uses it, before the scene's Vault and database."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def request(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        assert (method, path) == (
            "POST", "/api/v1/namespaces/vault/serviceaccounts/vault-custodian/token"
        )  # fmt: skip
        audience = body["spec"]["audiences"][0]
        return {"status": {"token": self.scene.cluster.token("vault", "vault-custodian", audience)}}

    def list(self, *_: object) -> list[dict[str, Any]]:
        ready = [{"type": "Ready", "status": "True"}]
        return [{"metadata": {"name": "postgres-0"}, "status": {"conditions": ready}}]

    def exec(
        self, namespace: str, pod: str, command: Sequence[str], container: str, stdin: bytes
    ) -> str:
        assert (namespace, pod, container) == ("database", "postgres-0", "postgres")
        here = ["--host=127.0.0.1", f"--port={self.scene.postgres.port}"]
        program = str(self.scene.postgres.programs / command[0])
        ran = subprocess.run(
            [program, *command[1:], *here], input=stdin, capture_output=True, check=True
        )
        return ran.stdout.decode()


@pytest.fixture
def site(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(revoke, "VAULT_PORT", scene.vault.port)
    order = {"name": "r", "entry": {"fault": "revoke", "target": "task-service"},
             "kubeconfig": "k", "namespace": "todo-app-dev", "samples": "s", "seed": 1,
             "folder": tmp_path, "patience": 0}  # fmt: skip
    return Site(VaultAndDatabase(scene), Order.model_validate(order))


def test_the_revoking_fault_ends_every_user_of_a_service_and_no_other(
    scene: Scene, site: Site
) -> None:
    fault = FAULTS["revoke"]
    gone = [scene.credentials()["data"]["username"] for _ in range(2)]
    login = scene.login("scheduler-dev", "todo-app-dev", "scheduler-service").json()
    token = login["auth"]["client_token"]
    kept = scene.vault.request("GET", "database/creds/scheduler-dev", token).json()["data"]
    facts = fault.prepare(site)
    facts |= fault.inject(site, facts)
    assert fault.doubt(facts, FaultProof(1.0, [])) == ""
    assert set(gone).isdisjoint(revoke.users_of(site, "tasks_dev_owner"))
    assert kept["username"] in revoke.users_of(site, "scheduler_dev_owner")
    assert facts["new_users_work"] is False  # nobody asked for one


def test_the_revoking_fault_counts_the_sessions_of_a_user(scene: Scene, site: Site) -> None:
    user = scene.credentials()["data"]["username"]
    query = f"SELECT count(*) AS n FROM pg_stat_activity WHERE usename = '{user}'"
    assert scene.sql(query, user, "tasks_dev")[0]["n"] == 1
    assert revoke.users_of(site, "tasks_dev_owner")[user] == 0


def test_what_vault_refuses_is_no_fault(scene: Scene, site: Site) -> None:
    with pytest.raises(BallastError, match="Vault did not take back the users of nobody-dev"):
        revoke.revoke(site.api, f"{scene.vault.url}/nothing", "nobody-dev")


def test_a_vault_that_lost_power_is_opened_again(scene: Scene) -> None:
    scene.vault.stop()
    scene.vault.start()
    assert scene.vault.request("GET", "sys/seal-status").json()["sealed"] is True
    scene.custodian().tick()
    assert scene.credentials()["data"]["username"]


def test_a_stopped_server_leaves_no_plugin_behind(scene: Scene) -> None:
    assert scene.vault.plugins()
    scene.vault.stop()
    try:
        deadline = time.monotonic() + 60
        while scene.vault.plugins():
            assert time.monotonic() < deadline, "a plugin outlives its server"
            time.sleep(0.05)
    finally:
        scene.vault.start()
        scene.custodian().tick()


def test_new_signing_keys_of_the_cluster_are_learnt(scene: Scene) -> None:
    scene.cluster.rotate()
    scene.sign_in_again()
    scene.custodian().tick()
    assert scene.credentials()["data"]["username"]


def test_only_the_unseal_key_is_kept(scene: Scene) -> None:
    assert set(scene.cluster.secret) == {"key"}
