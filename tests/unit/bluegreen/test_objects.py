"""What a second release is given, and what it is not."""

import pytest
import yaml

from ballast.bluegreen import objects
from ballast.bluegreen.place import Green
from ballast.gate.admission import Admitted

VALUES = "global:\n  environment: dev\n  topicPrefix: dev.\napi-gateway: {replicas: 1}\n"


def test_it_has_the_settings_of_the_environment_and_is_at_home_with_it() -> None:
    made = objects.files(Green("dev"), VALUES, "the release\n")
    values = yaml.safe_load(made["gitops/environments/dev-green/values.yaml"] or "")
    assert values["global"] == {
        "environment": "dev", "topicPrefix": "dev.", "home": "todo-app-dev",
    }  # fmt: skip
    assert values["api-gateway"] == {"replicas": 1}
    assert made["gitops/environments/dev-green/release.yaml"] == "the release\n"


def test_its_namespace_is_one_of_the_environment_with_a_quota() -> None:
    namespace, quota, limits = objects.room(Green("dev"))
    assert namespace["metadata"]["name"] == "todo-app-dev-green"
    assert namespace["metadata"]["labels"]["ballast.dev/environment"] == "dev"
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {quota["kind"], limits["kind"]} == {"ResourceQuota", "LimitRange"}
    assert {one["metadata"]["namespace"] for one in (quota, limits)} == {"todo-app-dev-green"}


def test_where_evidence_is_asked_for_the_verifier_may_write_its_ledger() -> None:
    made = objects.room(Green("staging"))
    rights = [one for one in made if one["kind"] in {"Role", "RoleBinding"}]
    assert {one["metadata"]["namespace"] for one in rights} == {"todo-app-staging-green"}
    assert len(rights) == 2


def test_it_logs_in_as_the_environment_does_and_takes_nothing_else_of_its_secrets() -> None:
    secrets = [
        {"metadata": {"name": "redis", "uid": "u", "ownerReferences": []}, "type": "Opaque",
         "data": {"password": "cHc="}},
        {"metadata": {"name": "token"}, "type": "kubernetes.io/service-account-token"},
    ]  # fmt: skip
    assert objects.logins(Green("dev"), secrets) == [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "redis", "namespace": "todo-app-dev-green"},
            "type": "Opaque",
            "data": {"password": "cHc="},
        }
    ]


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_it_admits_what_the_environment_admits(environment: str) -> None:
    admitted = Admitted(environment, {"sha256:" + "a" * 64: "in force"})
    made = objects.green_ledger(Green(environment), admitted)
    assert made["metadata"]["namespace"] == Green(environment).namespace
    assert made["metadata"]["name"] == "gate-ledger"
    assert made["data"]["sha256-" + "a" * 64] == "in force"
