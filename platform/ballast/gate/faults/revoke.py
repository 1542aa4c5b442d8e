"""Vault takes back every database user of a service while it works. Proof: PostgreSQL knows none of
them any more; that the service goes on is because it asked for new ones by itself.
"""

import time
from typing import Any, Final, Protocol

import httpx

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.fault import Facts, Fault
from ballast.gate.order import Site
from ballast.gate.targets import target_of
from ballast.kubeapi.shape import mapping
from ballast.names import (
    DATABASE_OWNERS,
    VAULT_NAMESPACE,
    VAULT_PORT,
    database_name,
    vault_role,
)

# Who may revoke: the login of this account, for the minutes that it takes.
CUSTODIAN: Final = ("vault-custodian", "custodian", "vault")
CALL_SECONDS: Final = 10.0
_PSQL: Final = (
    "psql", "--host=/var/run/postgresql", "--username=postgres", "--no-psqlrc", "--tuples-only",
    "--no-align", "--set=ON_ERROR_STOP=1",
)  # fmt: skip
_USERS: Final = b"""
SELECT u.rolname || '|' || count(a.pid) FROM pg_auth_members m
JOIN pg_roles u ON u.oid = m.member JOIN pg_roles o ON o.oid = m.roleid
LEFT JOIN pg_stat_activity a ON a.usename = u.rolname
WHERE u.rolcanlogin AND u.rolname LIKE 'v-%' AND o.rolname = :'owner' GROUP BY u.rolname
"""


class Tokens(Protocol):
    """Where tokens of service accounts are asked for: KubeApi."""

    def request(self, method: str, path: str, body: object | None = None) -> dict[str, Any]:
        """The answer to one request."""
        ...


def _prepare(site: Site) -> Facts:
    service = site.entry.target
    if service not in DATABASE_OWNERS:
        raise BallastError(
            f"{service} has no database user", f"One of: {', '.join(DATABASE_OWNERS)}."
        )
    environment = site.order.environment
    return {
        "role": vault_role(service, environment),
        "owner": f"{database_name(service, environment)}_owner",
    }


def _inject(site: Site, facts: Facts) -> Facts:
    before = users_of(site, facts["owner"])
    at = time.time()
    revoke(site.api, f"http://127.0.0.1:{VAULT_PORT}", facts["role"])
    gone = eventually(
        lambda: not set(before) & set(users_of(site, facts["owner"])), site.order.patience
    )
    proven_at = time.time()

    def renewed() -> bool:
        return any(users_of(site, facts["owner"]).values())

    return {
        "at": at,
        "until": proven_at,
        "proven_at": proven_at,
        "users_before": len(before),
        "sessions_before": sum(before.values()),
        "users_gone": gone,
        "new_users_work": gone and eventually(renewed, site.order.patience),
    }


def _doubt(facts: Facts, _: FaultProof) -> str:
    if not facts.get("users_before"):
        return f"Vault had handed out no user of {facts['role']} before the fault"
    if not facts["users_gone"]:
        return f"database users of {facts['role']} are still there"
    return ""


def users_of(site: Site, owner: str) -> dict[str, int]:
    """Users that act as this owner, as PostgreSQL itself lists them, and their open sessions."""
    target = target_of("postgres", site.order.namespace)
    pod = next((pod for pod in site.pods("postgres") if pod.serves), None)
    if pod is None:
        raise BallastError("no pod of postgres serves: nobody knows its users")
    command = [*_PSQL, f"--set=owner={owner}"]
    told = site.api.exec(target.namespace, pod.name, command, "postgres", _USERS)
    rows = [line.partition("|") for line in told.split() if line]
    return {name: int(sessions) for name, _, sessions in rows}


def revoke(api: Tokens, vault: str, role: str) -> None:
    """End every lease of a database role; BallastError when Vault refuses or does not answer."""
    account, login, audience = CUSTODIAN
    path = f"/api/v1/namespaces/{VAULT_NAMESPACE}/serviceaccounts/{account}/token"
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
             "spec": {"audiences": [audience], "expirationSeconds": 600}}  # fmt: skip
    jwt = str(mapping(api.request("POST", path, asked).get("status"))["token"])
    try:
        with httpx.Client(base_url=f"{vault}/v1/", timeout=CALL_SECONDS, trust_env=False) as client:
            entered = client.post("auth/jwt/login", json={"role": login, "jwt": jwt})
            entered.raise_for_status()
            token = {"x-vault-token": str(entered.json()["auth"]["client_token"])}
            try:
                client.put(
                    f"sys/leases/revoke-prefix/database/creds/{role}", headers=token
                ).raise_for_status()
            finally:
                client.post("auth/token/revoke-self", headers=token)
    except httpx.HTTPError as refused:
        raise BallastError(
            f"Vault did not take back the users of {role}: {refused}",
            "Is it up and unsealed? kubectl -n vault get pods",
        ) from refused


FAULT: Final = Fault("Take back all database users of {target}", _prepare, _inject, _doubt)
