"""Names and ports that more than one part of the platform must agree on."""

from typing import Final

DATABASE_NAMESPACE: Final = "database"
MESSAGING_NAMESPACE: Final = "messaging"
VAULT_NAMESPACE: Final = "vault"
DAPR_NAMESPACE: Final = "dapr-system"
MONITORING_NAMESPACE: Final = "monitoring"
POLICY_NAMESPACE: Final = "kyverno"
ARGOCD_NAMESPACE: Final = "argocd"
GIT_NAMESPACE: Final = "git"

# The one identity that may write the ledgers of admitted images.
GATE_VERIFIER: Final = "gate-verifier"

# The key that signs evidence, in Vault's transit engine, and who may use it: one account signs,
# another makes new versions. Each is a ServiceAccount beside Vault and a login of the same name.
GATE_KEY: Final = "ballast-gate"
GATE_SIGNER: Final = "gate-signer"
GATE_ROTATOR: Final = "gate-rotator"

ENVIRONMENT_LABEL: Final = "ballast.dev/environment"
ENVIRONMENT_NAMESPACES: Final = {
    "dev": "todo-app-dev",
    "staging": "todo-app-staging",
    "prod": "todo-app",
}

IMAGE_REGISTRY: Final = "ghcr.io/ballast-platform"
SERVICES: Final = (
    "api-gateway", "task-service", "scheduler-service", "notification-service",
    "analytics-service",
)  # fmt: skip
GIT_REPOSITORY: Final = "ballast"
GIT_URL_IN_CLUSTER: Final = "http://git.git.svc.cluster.local:23232/ballast.git"

# Ports on 127.0.0.1 of the machine that runs the embedded node.
API_SERVER_PORT: Final = 16443
GATEWAY_PORTS: Final = {"dev": 18004, "staging": 18104, "prod": 18204}
ARGOCD_PORT: Final = 18080
GIT_HTTP_PORT: Final = 18032
GIT_SSH_PORT: Final = 18031
PROMETHEUS_PORT: Final = 18090
ALERTMANAGER_PORT: Final = 18093
ALERT_SINK_PORT: Final = 18094
VAULT_PORT: Final = 18200

TOKEN_ISSUER: Final = "https://identity.todo.local"  # noqa: S105 - a name, no secret
TOKEN_AUDIENCE: Final = "todo"  # noqa: S105 - a name, no secret

# Addresses inside the cluster, the same on every stack.
DATABASE_HOST: Final = "postgres.database.svc.cluster.local"
DATABASE_PORT: Final = 5432
CACHE_PORT: Final = 6379
BROKER_HOST: Final = "redpanda.messaging.svc.cluster.local"
BROKER_PORT: Final = 9092
BROKER_ADDRESS: Final = f"{BROKER_HOST}:{BROKER_PORT}"
# Where an administrator is known by a certificate, and the Secret with it, beside the broker.
BROKER_ADMIN_PORT: Final = 9094
BROKER_AUTHORITY: Final = "broker-authority"
# Users and passwords of the broker, in its own namespace; each service has only its own, as below.
BROKER_USERS: Final = "broker-users"
SCHEMA_REGISTRY_URL: Final = "http://schema-registry.messaging.svc.cluster.local:8080"
VAULT_ADDRESS: Final = "http://vault.vault.svc.cluster.local:8200"
VAULT_AUDIENCE: Final = "vault"
ALERT_SINK_URL: Final = "http://alert-sink.monitoring.svc.cluster.local:8080"

# Services that own a database: service -> prefix of its database and of its Vault role.
DATABASE_OWNERS: Final = {
    "task-service": "tasks",
    "scheduler-service": "scheduler",
    "notification-service": "notifications",
    "analytics-service": "analytics",
}


# Users of the broker beside the services: who makes topics, and who repairs dead letters.
TOPICS_USER: Final = "topics"
OPERATOR_USER: Final = "operator"


def topic_prefix(environment: str) -> str:
    """What stands before a topic's name on the broker that environments share."""
    return "" if environment == "prod" else f"{environment}."


def broker_user(name: str, environment: str) -> str:
    """The broker's user of a service in an environment; its consumer group has the same name."""
    return f"{ENVIRONMENT_NAMESPACES[environment]}.{name}"


def broker_secret(name: str) -> str:
    """Secret of an environment with `username`, `password` and `ca.crt` of one broker user."""
    return f"kafka-{name}"


def database_name(service: str, environment: str) -> str:
    """Database of a service in an environment, such as tasks_dev; its owner role adds _owner."""
    return f"{DATABASE_OWNERS[service]}_{environment}"


def state_database(environment: str) -> str:
    """Database and user of the sidecars' state store in an environment, such as state_dev."""
    return f"state_{environment}"


def vault_role(service: str, environment: str) -> str:
    """Vault role of a service in an environment, such as tasks-dev (login and credentials)."""
    return f"{DATABASE_OWNERS[service]}-{environment}"
