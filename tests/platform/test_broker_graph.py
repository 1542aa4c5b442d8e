"""The broker in the recorded graph: what it trusts, who gets which credential, and when."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ballast import names
from ballast.components.broker_rights import USERS, plan

STACKS = ["embedded", "minikube", "doks", "gke", "aks"]
SIGNATURE = "4dabf18193072939515e22adb298388d"
Graphs = Mapping[str, Any]
Unwrapped = Callable[[Any], Any]


def one(recording: Any, kind: str, name: str) -> Any:
    [made] = [each for each in recording.of_type(f"kubernetes:{kind}") if each.name == name]
    return made


def access_job(recording: Any) -> Any:
    [made] = [
        each
        for each in recording.of_type("kubernetes:batch/v1:Job")
        if each.name.startswith("messaging/broker-access-")
    ]
    return made


def properties(recording: Any) -> dict[str, str]:
    config = one(recording, "core/v1:ConfigMap", "messaging/redpanda-config")
    lines = config.inputs["data"]["server.properties"].splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_kafka_has_no_listener_without_tls(recordings: Graphs) -> None:
    settings = properties(recordings["embedded"])
    protocols = dict(
        pair.split(":") for pair in settings["listener.security.protocol.map"].split(",")
    )
    listeners = {each.split("://")[0] for each in settings["listeners"].split(",")}
    assert listeners == set(protocols)
    assert protocols == {"CLIENT": "SASL_SSL", "ADMIN": "SSL", "CONTROLLER": "SSL"}
    for listener in ("admin", "controller"):
        assert settings[f"listener.name.{listener}.ssl.client.auth"] == "required"


def test_kafka_denies_what_no_right_allows(recordings: Graphs) -> None:
    settings = properties(recordings["embedded"])
    assert settings["authorizer.class.name"].endswith(".StandardAuthorizer")
    assert settings["allow.everyone.if.no.acl.found"] == "false"
    assert settings["super.users"] == "User:CN=redpanda;User:CN=broker-administrator"


@pytest.mark.parametrize("stack", STACKS[1:])
def test_redpanda_keeps_the_same_contract(stack: str, recordings: Graphs) -> None:
    config = one(recordings[stack], "core/v1:ConfigMap", "messaging/redpanda-config")
    node = json.loads(config.inputs["data"]["redpanda.yaml"])["redpanda"]
    cluster = json.loads(config.inputs["data"][".bootstrap.yaml"])
    methods = {each["name"]: each["authentication_method"] for each in node["kafka_api"]}
    assert methods == {"client": "sasl", "admin": "mtls_identity"}
    asks = {each["name"]: each["require_client_auth"] for each in node["kafka_api_tls"]}
    assert asks == {"client": False, "admin": True}
    assert all(each["enabled"] for each in node["kafka_api_tls"])
    assert cluster["kafka_enable_authorization"] is True
    assert cluster["admin_api_require_auth"] is True
    assert cluster["superusers"] == ["redpanda", "broker-administrator"]


@pytest.mark.parametrize("stack", STACKS)
def test_environments_reach_only_the_ports_of_clients(stack: str, recordings: Graphs) -> None:
    kind = "networking.k8s.io/v1:NetworkPolicy"
    [rule] = one(recordings[stack], kind, "messaging/redpanda").inputs["spec"]["ingress"]
    ports = [int(each["port"]) for each in rule["ports"]]
    assert ports == ([9092] if stack == "embedded" else [9092, 8080])
    inside = one(recordings[stack], kind, "messaging/redpanda-inside").inputs["spec"]["ingress"]
    assert str(inside[0]["from"]).count("messaging") == 1
    assert "environment" not in str(inside[0]["from"])


def test_every_service_has_its_own_credential_in_each_environment(
    recordings: Graphs, unwrapped: Unwrapped
) -> None:
    passwords: dict[str, str] = {}
    for environment in ("dev", "staging"):
        for name in (*names.SERVICES, names.TOPICS_USER):
            where = f"{names.ENVIRONMENT_NAMESPACES[environment]}/kafka-{name}"
            made = one(recordings["embedded"], "core/v1:Secret", where)
            assert SIGNATURE in made.inputs["stringData"]
            content = unwrapped(made.inputs["stringData"])
            assert content["username"] == names.broker_user(name, environment)
            assert content["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")
            passwords[content["username"]] = content["password"]
    assert len(passwords) == 12
    assert len(set(passwords.values())) == 12
    assert min(map(len, passwords.values())) >= 43


def test_the_operators_credential_is_in_no_environment(recordings: Graphs) -> None:
    secrets = recordings["embedded"].of_type("kubernetes:core/v1:Secret")
    holders = {made.name for made in secrets if "operator" in json.dumps(made.inputs)}
    assert holders == {"messaging/broker-users"}


def test_the_job_has_the_password_of_every_user_of_its_plan(
    recordings: Graphs, unwrapped: Unwrapped
) -> None:
    recording = recordings["embedded"]
    users = unwrapped(one(recording, "core/v1:Secret", "messaging/broker-users").inputs)
    written = one(recording, "core/v1:ConfigMap", "messaging/broker-access").inputs["data"]
    wanted = json.loads(json.dumps(plan(["dev", "staging"])))
    assert json.loads(written["plan.json"]) == wanted
    assert set(users["stringData"]) == {*wanted["users"], "ca.crt"}
    assert len(wanted["users"]) == 2 * len(USERS)


@pytest.mark.parametrize("stack", STACKS)
def test_keys_of_the_authority_reach_only_broker_and_administrator(
    stack: str, recordings: Graphs, unwrapped: Unwrapped
) -> None:
    def keys(made: Any) -> set[str]:
        pod = unwrapped(made.inputs)["spec"]["template"]["spec"]
        [volume] = [each["secret"] for each in pod["volumes"] if each["name"] == "tls"]
        assert volume["secretName"] == "broker-authority"
        return {each["key"] for each in volume["items"]}

    server = keys(one(recordings[stack], "apps/v1:StatefulSet", "messaging/redpanda"))
    assert server in ({"ca.crt", "broker.pem"}, {"ca.crt", "broker.crt", "broker.key"})
    assert keys(access_job(recordings[stack])) == {"ca.crt", "admin.crt", "admin.key"}


def test_the_authority_keeps_no_key_of_its_own(recordings: Graphs, unwrapped: Unwrapped) -> None:
    made = one(recordings["embedded"], "core/v1:Secret", "messaging/broker-authority")
    assert not any(key.startswith("ca.k") for key in unwrapped(made.inputs)["data"])


def test_users_exist_before_argo_cd_deploys_what_logs_in(recordings: Graphs) -> None:
    recording = recordings["embedded"]
    [root] = recording.of_type("kubernetes:argoproj.io/v1alpha1:Application")
    assert any("messaging/broker-access-" in urn for urn in root.dependencies)
    job = access_job(recording)
    assert any(urn.endswith("::messaging/redpanda") for urn in job.dependencies)
