"""Dapr's objects and the network: who may talk to whom."""

import re

import pytest
import yaml

from ballast import names
from ballast.names import ENVIRONMENT_NAMESPACES
from ballast.paths import repository_root

from .conftest import ENVIRONMENTS, Object, Render, of_kind

GATEWAY = repository_root() / "apps" / "gateway" / "gateway"
TOPICS = repository_root() / "apps" / "shared" / "todo_shared" / "topics.yaml"


def setting(component: Object, name: str) -> str:
    return next(m["value"] for m in component["spec"]["metadata"] if m["name"] == name)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_consumer_groups_of_environments_stay_apart(environment: str, render: Render) -> None:
    component = of_kind(render(environment), "Component")["task-events"]

    assert setting(component, "consumerGroup") == ENVIRONMENT_NAMESPACES[environment] + ".{appID}"
    assert setting(component, "clientID") == "{appID}"


@pytest.mark.parametrize("service", sorted(names.DATABASE_OWNERS))
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_addresses_are_those_that_the_platform_serves(
    environment: str, service: str, render: Render
) -> None:
    data = of_kind(render(environment), "ConfigMap")[f"{service}-config"]["data"]

    assert data["DATABASE_HOST"] == names.DATABASE_HOST
    assert data["DATABASE_PORT"] == str(names.DATABASE_PORT)
    assert data["DATABASE_NAME"] == names.database_name(service, environment)
    assert data["VAULT_ADDR"] == names.VAULT_ADDRESS
    assert data["VAULT_ROLE"] == names.vault_role(service, environment)
    assert data["KAFKA_BROKERS"] == names.BROKER_ADDRESS
    assert data["SCHEMA_REGISTRY_URL"].startswith(names.SCHEMA_REGISTRY_URL)


def test_nothing_published_before_the_first_join_is_skipped(render: Render) -> None:
    component = of_kind(render("dev"), "Component")["task-events"]

    assert setting(component, "initialOffset") == "oldest"


def test_retries_are_stated_once(render: Render) -> None:
    objects = render("dev")
    target = of_kind(objects, "Resiliency")["todo"]["spec"]["targets"]["components"]["task-events"]

    assert setting(of_kind(objects, "Component")["task-events"], "consumeRetryEnabled") == "false"
    assert target["inbound"] == {"retry": "consume"}


def test_every_policy_that_a_target_names_exists(render: Render) -> None:
    spec = of_kind(render("dev"), "Resiliency")["todo"]["spec"]
    targets = [*spec["targets"]["apps"].values()]
    for component in spec["targets"]["components"].values():
        targets += component.values()
    plural = {"timeout": "timeouts", "retry": "retries", "circuitBreaker": "circuitBreakers"}
    for target in targets:
        for kind, name in target.items():
            assert name in spec["policies"][plural[kind]]


def test_every_component_is_scoped_to_named_services(render: Render) -> None:
    objects = render("dev")
    for obj in [*of_kind(objects, "Component").values(), *of_kind(objects, "Resiliency").values()]:
        assert obj["scopes"] == ["api-gateway", "task-service", "notification-service"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_subscription_has_its_prefix_its_dead_letters_and_one_consumer(
    environment: str, render: Render
) -> None:
    for subscription in of_kind(render(environment), "Subscription").values():
        topic = subscription["spec"]["topic"]
        assert topic.startswith(f"{environment}.")
        assert subscription["spec"]["deadLetterTopic"] == f"{topic}.dlq"
        assert subscription["spec"]["bulkSubscribe"]["enabled"] is True
        assert len(subscription["scopes"]) == 1


def test_every_subscription_is_to_a_declared_topic(render: Render) -> None:
    declared = {f"dev.{topic['name']}" for topic in yaml.safe_load(TOPICS.read_text())["topics"]}

    for subscription in of_kind(render("dev"), "Subscription").values():
        assert subscription["spec"]["topic"] in declared


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_the_gateway_may_invoke_and_only_the_users_routes(
    environment: str, render: Render
) -> None:
    control = of_kind(render(environment), "Configuration")["dapr-config"]["spec"]["accessControl"]
    [policy] = control["policies"]

    assert control["defaultAction"] == policy["defaultAction"] == "deny"
    assert policy["appId"] == "api-gateway"
    assert policy["namespace"] == ENVIRONMENT_NAMESPACES[environment]
    assert {operation["name"].split("/")[1] for operation in policy["operations"]} == {
        "tasks",
        "notifications",
    }


def test_every_call_of_the_gateway_is_allowed(render: Render) -> None:
    source = (GATEWAY / "routes" / "tasks.py").read_text()
    source += (GATEWAY / "routes" / "notifications.py").read_text()
    calls = set(re.findall(r'"([A-Z]+)",\s*f?"/([a-z]+)', source))
    control = of_kind(render("dev"), "Configuration")["dapr-config"]["spec"]["accessControl"]
    [policy] = control["policies"]
    allowed = {
        (verb, rule["name"][1:]) for rule in policy["operations"] for verb in rule["httpVerb"]
    }

    assert calls
    assert calls <= allowed


def test_the_network_is_closed_both_ways_by_default(render: Render) -> None:
    closed = of_kind(render("dev"), "NetworkPolicy")["default-deny"]["spec"]

    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_peers_reach_the_sidecar_and_never_the_service_itself(render: Render) -> None:
    rules = of_kind(render("dev"), "NetworkPolicy")["task-service"]["spec"]["ingress"]
    from_peers = [rule for rule in rules if "podSelector" in str(rule.get("from"))]

    assert [rule["ports"] for rule in from_peers] == [[{"port": 50002, "protocol": "TCP"}]]


def test_only_the_gateway_is_open_to_everyone(render: Render) -> None:
    policies = of_kind(render("dev"), "NetworkPolicy")
    open_to_all = {
        name: rule["ports"]
        for name, policy in policies.items()
        for rule in policy["spec"].get("ingress", [])
        if "from" not in rule
    }

    assert open_to_all == {"api-gateway": [{"port": 8004, "protocol": "TCP"}]}


def test_pods_may_leave_only_to_the_platform_and_to_sidecars(render: Render) -> None:
    egress = of_kind(render("dev"), "NetworkPolicy")["allow-platform"]["spec"]["egress"]
    namespaces = {
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for rule in egress
        for peer in rule["to"]
        if "namespaceSelector" in peer
    }

    assert namespaces == {"kube-system", "dapr-system", "messaging", "database", "vault"}
    assert all("to" in rule for rule in egress)


def test_every_port_of_a_network_policy_names_its_protocol(render: Render) -> None:
    # The API server would fill it in, and Argo CD would then see a difference for ever.
    for policy in of_kind(render("dev"), "NetworkPolicy").values():
        for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]:
            assert all("protocol" in port for port in rule.get("ports", []))
