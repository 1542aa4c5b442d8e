"""The images that the platform's own manifests name; charts name theirs in their components."""

from typing import Final

from ballast.names import IMAGE_REGISTRY

POSTGRES: Final = "docker.io/library/postgres:15"
REDIS: Final = "public.ecr.aws/docker/library/redis:8.2.2-alpine"
KAFKA: Final = "docker.io/apache/kafka:4.3.1"
REDPANDA: Final = "docker.redpanda.com/redpandadata/redpanda:v25.2.1"
APICURIO: Final = "quay.io/apicurio/apicurio-registry:3.3.3"
VAULT_REPOSITORY: Final = "docker.io/hashicorp/vault"
VAULT_TAG: Final = "1.21.1"
DAPR_REGISTRY: Final = "docker.io/daprio"
DAPR_TAG: Final = "1.16.5"
PROMETHEUS: Final = "quay.io/prometheus/prometheus:v3.10.0"
ALERTMANAGER: Final = "quay.io/prometheus/alertmanager:v0.25.0"
GIT_SERVER: Final = "docker.io/charmcli/soft-serve:v0.11.6"
PLATFORM_AGENTS: Final = f"{IMAGE_REGISTRY}/platform-agents:0.1.0"
