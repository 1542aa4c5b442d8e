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

ENVIRONMENT_LABEL: Final = "ballast.dev/environment"
ENVIRONMENT_NAMESPACES: Final = {
    "dev": "todo-app-dev",
    "staging": "todo-app-staging",
    "prod": "todo-app",
}

IMAGE_REGISTRY: Final = "ghcr.io/ballast-platform"
SERVICES: Final = ("api-gateway", "task-service", "notification-service")
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
BROKER_ADDRESS: Final = "redpanda.messaging.svc.cluster.local:9092"
SCHEMA_REGISTRY_URL: Final = "http://schema-registry.messaging.svc.cluster.local:8080"
VAULT_ADDRESS: Final = "http://vault.vault.svc.cluster.local:8200"
ALERT_SINK_URL: Final = "http://alert-sink.monitoring.svc.cluster.local:8080"

# Services that own a database: service -> prefix of its database and of its Vault role.
DATABASE_OWNERS: Final = {"task-service": "tasks", "notification-service": "notifications"}


def database_name(service: str, environment: str) -> str:
    """Database of a service in an environment, such as tasks_dev; its owner role adds _owner."""
    return f"{DATABASE_OWNERS[service]}_{environment}"


def vault_role(service: str, environment: str) -> str:
    """Vault role of a service in an environment, such as tasks-dev (login and credentials)."""
    return f"{DATABASE_OWNERS[service]}-{environment}"
