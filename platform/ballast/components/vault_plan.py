"""What Vault hands out: to each service of each environment a login and a database user, and to the
gate a key that it can sign with and never see.
"""

from collections.abc import Sequence
from typing import Any, Final

from ballast import names

CUSTODIAN: Final = "vault-custodian"
CUSTODY: Final = "vault-custody"
AUDIENCE: Final = names.VAULT_AUDIENCE
CREDENTIAL_TTL: Final = "1h"


def plan(environments: Sequence[str], *, auto_unseal: bool) -> dict[str, Any]:
    """The custodian's plan, as `ballast.agents.vault_custodian.Plan` reads it."""
    wanted = [(service, env) for env in environments for service in names.DATABASE_OWNERS]
    return {
        "namespace": names.VAULT_NAMESPACE,
        "custody": CUSTODY,
        "auto_unseal": auto_unseal,
        "database_host": f"{names.DATABASE_HOST}:{names.DATABASE_PORT}",
        "roles": [names.vault_role(service, env) for service, env in wanted],
        "own_role": login_role("custodian", CUSTODIAN, names.VAULT_NAMESPACE),
        "entries": [
            *gate_entries(),
            *(entry for service, env in wanted for entry in entries(service, env)),
        ],
    }


def gate_entries() -> list[dict[str, Any]]:
    """The gate's key, which Vault does not give out, and the two logins that may use it."""
    key = f"transit/keys/{names.GATE_KEY}"
    read = f'path "{key}" {{ capabilities = ["read"] }}\n'
    sign = f'path "transit/sign/{names.GATE_KEY}" {{ capabilities = ["update"] }}\n'
    rotate = f'path "{key}/rotate" {{ capabilities = ["update"] }}\n'
    # A batch token is not stored and cannot be renewed: it is over after five minutes.
    brief = {"token_type": "batch", "token_ttl": "5m", "token_max_ttl": "5m"}
    made: list[dict[str, Any]] = [{"path": key, "body": {"type": "ed25519"}}]
    for account, policy in {
        names.GATE_SIGNER: read + sign,
        names.GATE_ROTATOR: read + rotate,
    }.items():
        login = login_role(account, account, names.VAULT_NAMESPACE) | brief
        made += [
            {"path": f"sys/policies/acl/{account}", "body": {"policy": policy}},
            {"path": f"auth/jwt/role/{account}", "body": login},
        ]
    return made


def gate_accounts() -> list[dict[str, Any]]:
    """The accounts of those logins; no pod runs as them, `ballast` asks for their tokens."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": account, "namespace": names.VAULT_NAMESPACE},
            "automountServiceAccountToken": False,
        }
        for account in (names.GATE_SIGNER, names.GATE_ROTATOR)
    ]


def login_role(policy: str, service_account: str, *namespaces: str) -> dict[str, Any]:
    """A JWT login that only one ServiceAccount passes, in any of these namespaces."""
    subjects = [f"system:serviceaccount:{namespace}:{service_account}" for namespace in namespaces]
    return {
        "role_type": "jwt",
        "user_claim": "sub",
        "bound_audiences": [AUDIENCE],
        "bound_subject": "",  # a role keeps what an update leaves out
        "bound_claims": {"sub": subjects},
        "token_policies": [policy],
        "token_ttl": "1h",
        "token_max_ttl": "24h",
    }


def entries(service: str, environment: str) -> list[dict[str, Any]]:
    """Policy, login and database role of one service in one environment."""
    name = names.vault_role(service, environment)
    namespace = names.ENVIRONMENT_NAMESPACES[environment]
    policy = f'path "database/creds/{name}" {{ capabilities = ["read"] }}'
    return [
        {"path": f"sys/policies/acl/{name}", "body": {"policy": policy}},
        # A second release beside the first (ballast green) works on the same database.
        {
            "path": f"auth/jwt/role/{name}",
            "body": login_role(name, service, namespace, f"{namespace}-green"),
        },
        {
            "path": f"database/roles/{name}",
            "body": database_role(names.database_name(service, environment)),
        },
    ]


def database_role(database: str) -> dict[str, Any]:
    """A user that lives one lease and acts as the owner of its database."""
    owner = f"{database}_owner"
    return {
        "db_name": "postgres",
        # Acting as the owner role makes every table the owner's, not the passing user's.
        "creation_statements": [
            "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' "
            f"VALID UNTIL '{{{{expiration}}}}' IN ROLE {owner};",
            f"ALTER ROLE \"{{{{name}}}}\" SET role = '{owner}';",
        ],
        # An open session outlives its password: end it, then forget the user.
        "revocation_statements": [
            'ALTER ROLE "{{name}}" NOLOGIN;',
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}';",
            'DROP ROLE IF EXISTS "{{name}}";',
        ],
        "default_ttl": CREDENTIAL_TTL,
        "max_ttl": CREDENTIAL_TTL,
    }
