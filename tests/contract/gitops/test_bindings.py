"""Dapr's objects and the network: who may talk to whom."""

import re
from typing import Any

import pytest
import yaml

from ballast import names
from ballast.components.broker_rights import rights
from ballast.names import ENVIRONMENT_NAMESPACES
from ballast.paths import repository_root
from gateway.routes.chat import CHAT
from gateway.routes.forwarding import Forwarded
from gateway.routes.notifications import NOTIFICATIONS
from gateway.routes.recurring_tasks import RECURRING_TASKS
from gateway.routes.reminders import REMINDERS
from gateway.routes.tasks import TASKS

from .conftest import ENVIRONMENTS, Object, Render, of_kind

TOPICS = repository_root() / "apps" / "shared" / "todo_shared" / "topics.yaml"


def setting(component: Object, name: str) -> Any:
    return next(
        m.get("value", m.get("secretKeyRef"))
        for m in component["spec"]["metadata"]
        if m["name"] == name
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_consumer_groups_of_environments_stay_apart(environment: str, render: Render) -> None:
    component = of_kind(render(environment), "Component")["task-events"]

    assert setting(component, "consumerGroup") == ENVIRONMENT_NAMESPACES[environment] + ".{appID}"
    assert setting(component, "clientID") == "{appID}"


@pytest.mark.parametrize("service", names.SERVICES)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_sidecar_logs_in_as_its_own_app_with_its_own_secret(
    environment: str, service: str, render: Render
) -> None:
    objects = render(environment)
    component = of_kind(objects, "Component")["task-events"]
    deployment = of_kind(objects, "Deployment")[service]
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    taken = dict(pair.split("=") for pair in annotations["dapr.io/env-from-secret"].split(","))
    secret = names.broker_secret(service)

    user = setting(component, "saslUsername").replace("{appID}", service)
    assert user == names.broker_user(service, environment)
    assert user == setting(component, "consumerGroup").replace("{appID}", service)
    assert taken == {"KAFKA_PASSWORD": f"{secret}:password", "KAFKA_CA": f"{secret}:ca.crt"}


def test_the_broker_is_reached_by_password_over_tls_and_never_without(render: Render) -> None:
    objects = render("dev")
    component = of_kind(objects, "Component")["task-events"]
    store = of_kind(objects, "Component")[component["auth"]["secretStore"]]

    assert setting(component, "authType") == "password"
    assert setting(component, "saslMechanism") == "SHA-512"
    assert not {"disableTls", "skipVerify"} & {m["name"] for m in component["spec"]["metadata"]}
    assert store["spec"]["type"] == "secretstores.local.env"
    prefix = setting(store, "prefix")
    assert prefix + setting(component, "saslPassword")["name"] == "KAFKA_PASSWORD"
    assert prefix + setting(component, "caCert")["name"] == "KAFKA_CA"


def test_no_app_may_ask_its_sidecar_for_the_login(render: Render) -> None:
    objects = render("dev")
    store = of_kind(objects, "Component")["task-events"]["auth"]["secretStore"]
    spec = of_kind(objects, "Configuration")["dapr-config"]["spec"]

    assert spec["secrets"]["scopes"] == [{"storeName": store, "defaultAccess": "deny"}]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_topics_are_those_that_the_broker_grants_rights_to(
    environment: str, render: Render
) -> None:
    data = of_kind(render(environment), "ConfigMap")["task-service-config"]["data"]

    assert data["TOPIC_PREFIX"] == names.topic_prefix(environment)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_who_consumes_may_read(environment: str, render: Render) -> None:
    granted = set(rights(environment))

    for subscription in of_kind(render(environment), "Subscription").values():
        [app] = subscription["scopes"]
        user, topic = names.broker_user(app, environment), subscription["spec"]["topic"]
        assert (user, "topic", topic, "read") in granted
        assert (user, "topic", subscription["spec"]["deadLetterTopic"], "write") in granted
        assert (user, "group", user, "read") in granted


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


def test_an_event_waits_for_its_consumer_as_long_as_it_takes(render: Render) -> None:
    policies = of_kind(render("dev"), "Resiliency")["todo"]["spec"]["policies"]

    # The exponential policy would end after 15 minutes, whatever it is told.
    assert policies["retries"]["consume"] == {
        "policy": "constant", "duration": "1s", "maxRetries": -1,
    }  # fmt: skip


def test_every_policy_that_a_target_names_exists(render: Render) -> None:
    spec = of_kind(render("dev"), "Resiliency")["todo"]["spec"]
    targets = [*spec["targets"]["apps"].values()]
    for component in spec["targets"]["components"].values():
        targets += component.values()
    plural = {"timeout": "timeouts", "retry": "retries", "circuitBreaker": "circuitBreakers"}
    for target in targets:
        for kind, name in target.items():
            assert name in spec["policies"][plural[kind]]


def test_every_component_is_scoped_to_the_services_that_use_it(render: Render) -> None:
    objects = render("dev")
    scopes = {n: set(o["scopes"]) for n, o in of_kind(objects, "Component").items()}
    channels = {key: {"notification-service"} for key in ("email", "sms", "push", "webhook")}

    assert scopes == {
        "task-events": set(names.SERVICES),
        "sidecar-environment": set(names.SERVICES),
        "statestore": {"api-gateway", "task-service"},
        "sweep": {"scheduler-service"},
        **channels,
    }
    assert set(of_kind(objects, "Resiliency")["todo"]["scopes"]) == set(names.SERVICES)


def test_a_provider_takes_the_place_of_the_sink_under_the_same_name(render: Render) -> None:
    email = of_kind(render("dev", 'channels.email="provider"'), "Component")["email"]["spec"]

    assert email["type"] == "bindings.twilio.sendgrid"
    assert all("secretKeyRef" in setting for setting in email["metadata"])


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


def may_invoke(objects: list[Object], caller: str, verb: str, path: str) -> bool:
    """What Dapr decides: the longest rule above the path, else the default."""
    control = of_kind(objects, "Configuration")["dapr-config"]["spec"]["accessControl"]
    found = [p for p in control["policies"] if p["appId"] == caller]
    rules = [
        (rule["name"], rule["action"])
        for policy in found
        for rule in policy["operations"]
        if verb in rule["httpVerb"] and f"{path}/".startswith(f"{rule['name']}/")
    ]
    default = found[0]["defaultAction"] if found else control["defaultAction"]
    return (max(rules)[1] if rules else default) == "allow"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nobody_may_invoke_anything_unless_a_rule_says_so(environment: str, render: Render) -> None:
    control = of_kind(render(environment), "Configuration")["dapr-config"]["spec"]["accessControl"]

    assert control["defaultAction"] == "deny"
    for policy in control["policies"]:
        assert policy["defaultAction"] == "deny"
        assert policy["namespace"] == ENVIRONMENT_NAMESPACES[environment]


@pytest.mark.parametrize(
    ("caller", "verb", "path", "allowed"),
    [
        ("api-gateway", "PATCH", "/tasks/7", True),
        ("api-gateway", "GET", "/tasks/due", False),
        ("scheduler-service", "GET", "/tasks/due", True),
        ("scheduler-service", "DELETE", "/tasks/7", False),
        ("scheduler-service", "POST", "/recurring-tasks/7/instances", True),
        ("notification-service", "GET", "/tasks/7", False),
        ("task-service", "POST", "/send-notification", True),
        ("api-gateway", "POST", "/send-notification", False),
    ],
)
def test_each_caller_may_do_its_own_work_and_no_other(
    caller: str, verb: str, path: str, allowed: bool, render: Render
) -> None:
    assert may_invoke(render("dev"), caller, verb, path) is allowed


@pytest.mark.parametrize(
    "route",
    [r for table in (TASKS, RECURRING_TASKS, REMINDERS, NOTIFICATIONS, CHAT) for r in table],
    ids=lambda route: route.name,
)
def test_every_call_of_the_gateway_is_allowed(route: Forwarded, render: Render) -> None:
    path = re.sub(r"\{\w+\}", "7", route.path)

    assert may_invoke(render("dev"), "api-gateway", route.method, path)


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


def test_a_second_release_logs_in_to_the_broker_as_the_first(render: Render) -> None:
    for sets, home in (((), "todo-app-dev"), (('global.home="todo-app"',), "todo-app")):
        broker = of_kind(render("dev", *sets), "Component")["task-events"]
        for name in ("saslUsername", "consumerGroup"):
            assert setting(broker, name) == f"{home}.{{appID}}"


CANARY = 'global.canary={"namespace":"todo-app-dev-green","percent":5}'


def test_only_the_gateway_restarts_when_a_canary_gets_its_share(render: Render) -> None:
    alone, split = (of_kind(render("dev", *sets), "Deployment") for sets in ((), (CANARY,)))
    changed = {name for name in alone if alone[name]["spec"] != split[name]["spec"]}
    assert changed == {"api-gateway"}


def test_the_gateway_knows_the_canary_and_its_share(render: Render) -> None:
    config = of_kind(render("dev", CANARY), "ConfigMap")["api-gateway-config"]["data"]
    assert config["CANARY_NAMESPACE"] == "todo-app-dev-green"
    assert config["CANARY_PERCENT"] == "5"
    assert (
        "CANARY_NAMESPACE" not in of_kind(render("dev"), "ConfigMap")["api-gateway-config"]["data"]
    )


def test_the_sidecars_of_both_releases_may_reach_each_other_as_far_as_needed(
    render: Render,
) -> None:
    out = of_kind(render("dev", CANARY), "NetworkPolicy")["allow-platform"]["spec"]["egress"]
    to_canary = [
        rule for rule in out
        for peer in rule["to"]
        if "todo-app-dev-green" in str(peer.get("namespaceSelector"))
    ]  # fmt: skip
    assert [rule["ports"] for rule in to_canary] == [[{"port": 50002, "protocol": "TCP"}]]
    second = of_kind(render("dev", 'global.home="todo-app"'), "NetworkPolicy")["task-service"]
    [_, from_first] = second["spec"]["ingress"][0]["from"]
    assert from_first["podSelector"]["matchLabels"] == {"app": "api-gateway"}
    assert "todo-app" in str(from_first["namespaceSelector"])


def test_a_second_release_is_called_by_the_first_gateway_and_by_no_other_app_of_it(
    render: Render,
) -> None:
    policies = of_kind(render("dev", 'global.home="todo-app"'), "Configuration")["dapr-config"][
        "spec"
    ]["accessControl"]["policies"]
    callers = [(policy["namespace"], policy["appId"]) for policy in policies]
    assert ("todo-app", "api-gateway") in callers
    assert [app for namespace, app in callers if namespace == "todo-app"] == ["api-gateway"]
    assert len(callers) == len(set(callers))


@pytest.mark.parametrize(
    ("sets", "namespace"),
    [
        (CANARY, "todo-app-dev-green"),
        ('global.shadow={"namespace":"todo-app-staging","percent":5}', "todo-app-staging"),
    ],
)
def test_calls_into_another_namespace_are_repeated_as_those_at_home_are(
    sets: str, namespace: str, render: Render
) -> None:
    apps = of_kind(render("dev", sets), "Resiliency")["todo"]["spec"]["targets"]["apps"]
    for service in names.SERVICES:
        assert apps[f"{service}.{namespace}"] == apps[service]
    alone = of_kind(render("dev"), "Resiliency")["todo"]["spec"]["targets"]["apps"]
    assert set(alone) == set(names.SERVICES)


def test_a_canary_gets_no_event_and_no_cron(render: Render) -> None:
    objects = render("dev", "global.subscribes=false")
    assert not of_kind(objects, "Subscription")
    assert "sweep" not in of_kind(objects, "Component")
    assert of_kind(render("dev"), "Subscription")


def test_an_environment_and_its_shadow_open_one_way_for_the_gateway_s_copies(
    render: Render,
) -> None:
    shadow = 'global.shadow={"namespace":"todo-app-staging","percent":5}'
    here, there = render("dev", shadow), render("staging", 'global.shadowOf="todo-app-dev"')
    assert of_kind(here, "ConfigMap")["api-gateway-config"]["data"]["SHADOW_PERCENT"] == "5"
    egress = str(of_kind(here, "NetworkPolicy")["allow-platform"]["spec"]["egress"])
    assert "'kubernetes.io/metadata.name': 'todo-app-staging'" in egress
    ingress = of_kind(there, "NetworkPolicy")["task-service"]["spec"]["ingress"][0]["from"]
    assert ingress[1]["podSelector"]["matchLabels"] == {"app": "api-gateway"}
    policies = of_kind(there, "Configuration")["dapr-config"]["spec"]["accessControl"]["policies"]
    foreign = [each["appId"] for each in policies if each["namespace"] == "todo-app-dev"]
    assert foreign == ["api-gateway"]
