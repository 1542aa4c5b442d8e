"""The shape of what runs: restricted, limited, injected, ordered."""

import json
import re

import pytest

from ballast.components.namespaces import quota_manifests
from ballast.paths import repository_root
from ballast.policy.cel import evaluate

from .conftest import ENVIRONMENTS, Object, Render, digest, of_kind, wave

POLICIES = sorted((repository_root() / "policies" / "admission").glob("*.yaml"))
SERVICES = {
    "api-gateway": 8004,
    "task-service": 8000,
    "notification-service": 8001,
    "scheduler-service": 8002,
}


def pod_of(obj: Object) -> Object:
    return obj["spec"]["template"]["spec"]


def app(deployment: Object) -> Object:
    [container] = pod_of(deployment)["containers"]
    return container


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("policy", POLICIES, ids=lambda path: path.stem)
def test_rendered_objects_pass_the_admission_policies(
    environment: str, policy: object, render: Render
) -> None:
    refused = {
        f"{obj['kind']}/{obj['metadata']['name']}": messages
        for obj in render(environment)
        if (messages := evaluate(policy, obj))  # pyright: ignore[reportArgumentType]
    }
    assert refused == {}


def test_a_policy_would_refuse_a_chart_that_lost_its_limits(render: Render) -> None:
    [broken] = [
        o
        for o in render("dev")
        if o["metadata"]["name"] == "task-service" and o["kind"] == "Deployment"
    ]
    del app(broken)["resources"]["limits"]

    assert any(evaluate(policy, broken) for policy in POLICIES)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_container_meets_the_restricted_pod_security_level(
    environment: str, render: Render
) -> None:
    objects = render(environment)
    for obj in [*of_kind(objects, "Deployment").values(), *of_kind(objects, "Job").values()]:
        pod = pod_of(obj)
        assert pod["securityContext"]["runAsUser"] == 1000
        assert pod["automountServiceAccountToken"] is False
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        kinds = {key for volume in pod["volumes"] for key in volume if key != "name"}
        assert kinds <= {"emptyDir", "projected", "secret"}


@pytest.mark.parametrize(("service", "port"), SERVICES.items())
def test_a_service_is_injected_as_itself_on_its_port(
    service: str, port: int, render: Render
) -> None:
    deployment = of_kind(render("dev"), "Deployment")[service]
    notes = deployment["spec"]["template"]["metadata"]["annotations"]

    assert notes["dapr.io/enabled"] == "true"
    assert notes["dapr.io/app-id"] == service
    assert notes["dapr.io/app-port"] == str(port)
    assert notes["dapr.io/config"] == "dapr-config"
    assert notes["dapr.io/sidecar-seccomp-profile-type"] == "RuntimeDefault"
    assert app(deployment)["ports"] == [{"name": "http", "containerPort": port}]
    for part in ("cpu-request", "cpu-limit", "memory-request", "memory-limit"):
        assert notes[f"dapr.io/sidecar-{part}"]


def test_jobs_get_no_sidecar(render: Render) -> None:
    for job in of_kind(render("dev"), "Job").values():
        notes = job["spec"]["template"]["metadata"]["annotations"]
        assert notes == {"dapr.io/enabled": "false"}


def test_every_label_and_annotation_is_text(render: Render) -> None:
    # An image whose digest starts with twelve digits would otherwise give a number.
    for obj in render("dev"):
        places = [obj["metadata"], obj.get("spec", {}).get("template", {}).get("metadata", {})]
        for place in places:
            for part in ("labels", "annotations"):
                assert all(isinstance(value, str) for value in place.get(part, {}).values()), obj


@pytest.mark.parametrize(("service", "port"), SERVICES.items())
def test_a_service_object_is_found_by_monitoring(service: str, port: int, render: Render) -> None:
    found = of_kind(render("dev"), "Service")[service]

    assert found["metadata"]["labels"]["monitoring"] == "true"
    assert found["spec"]["selector"] == {"app": service}
    assert {each["name"]: each["port"] for each in found["spec"]["ports"]} == {
        "http": port,
        "metrics": 9090,
    }


def test_only_the_gateway_sees_the_identity_keys_and_the_cache(render: Render) -> None:
    for service, deployment in of_kind(render("dev"), "Deployment").items():
        secrets = {
            v["secret"]["secretName"]: [item["key"] for item in v["secret"].get("items", [])]
            for v in pod_of(deployment)["volumes"]
            if "secret" in v and v["name"] != "kafka"
        }
        public = service == "api-gateway"
        expected = {"identity": ["jwks.json", "private.pem"], "redis": []} if public else {}
        assert secrets == expected


def test_a_gateway_that_issues_no_tokens_sees_only_the_public_keys(render: Render) -> None:
    objects = render("dev", "api-gateway.issuer=false")
    volumes = pod_of(of_kind(objects, "Deployment")["api-gateway"])["volumes"]
    [identity] = [v["secret"] for v in volumes if v["name"] == "identity"]

    assert [item["key"] for item in identity["items"]] == ["jwks.json"]
    data = of_kind(objects, "ConfigMap")["api-gateway-config"]["data"]
    assert "IDENTITY_SIGNING_KEY_PATH" not in data


def test_a_service_with_a_database_gets_a_token_for_vault_alone(render: Render) -> None:
    pod = pod_of(of_kind(render("dev"), "Deployment")["task-service"])
    [projected] = [v["projected"] for v in pod["volumes"] if "projected" in v]
    [source] = projected["sources"]

    assert source["serviceAccountToken"] == {
        "path": "token",
        "audience": "vault",
        "expirationSeconds": 3600,
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_settings_name_the_databases_topics_and_roles_of_their_environment(
    environment: str, render: Render
) -> None:
    data = of_kind(render(environment), "ConfigMap")["task-service-config"]["data"]

    assert data["ENVIRONMENT"] == environment
    assert data["PORT"] == "8000"
    assert data["DATABASE_NAME"] == f"tasks_{environment}"
    assert data["VAULT_ROLE"] == f"tasks-{environment}"
    assert data["TOPIC_PREFIX"] == f"{environment}."


def test_images_are_named_by_content(render: Render) -> None:
    pattern = re.compile(r"^ghcr\.io/ballast-platform/todo-[a-z-]+@sha256:[0-9a-f]{64}$")
    for deployment in of_kind(render("dev"), "Deployment").values():
        assert pattern.match(app(deployment)["image"])


def test_a_new_release_of_one_service_restarts_only_that_one(render: Render) -> None:
    changed = f'global.release.images.task-service.digest="{digest(9)}"'
    before = of_kind(render("dev"), "Deployment")
    after = of_kind(render("dev", changed), "Deployment")

    assert [name for name in before if before[name] != after[name]] == ["task-service"]


def test_a_new_setting_restarts_the_pods_that_read_it(render: Render) -> None:
    before = of_kind(render("dev"), "Deployment")
    after = of_kind(render("dev", 'notification-service.env={"SPEED":"2"}'), "Deployment")

    assert [name for name in before if before[name] != after[name]] == ["notification-service"]


def test_a_disabled_service_leaves_nothing_behind(render: Render) -> None:
    text = json.dumps(render("dev", "notification-service.enabled=false"))
    names = {o["metadata"]["name"] for o in json.loads(text) if o["kind"] != "Subscription"}

    assert not any(name.startswith("notification-service") for name in names)


def test_autoscaling_takes_the_replica_count_over(render: Render) -> None:
    objects = render("dev", "task-service.autoscaling.enabled=true")

    assert "replicas" not in of_kind(objects, "Deployment")["task-service"]["spec"]
    scaler = of_kind(objects, "HorizontalPodAutoscaler")["task-service"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 10)


def test_no_budget_blocks_a_node_drain(render: Render) -> None:
    for budget in of_kind(render("dev"), "PodDisruptionBudget").values():
        assert budget["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_secret_comes_from_git(environment: str, render: Render) -> None:
    assert of_kind(render(environment), "Secret") == {}


def test_the_order_is_bindings_then_jobs_then_services(render: Render) -> None:
    waves: dict[str, set[int]] = {}
    for obj in render("dev"):
        waves.setdefault(obj["kind"], set()).add(wave(obj))

    first = {"ServiceAccount", "ConfigMap", "NetworkPolicy"}
    first |= {"Component", "Configuration", "Resiliency", "Subscription"}
    assert {kind for kind, numbers in waves.items() if numbers == {-2}} == first
    assert {kind for kind, numbers in waves.items() if numbers == {-1}} == {"Job"}
    assert waves["Deployment"] == waves["Service"] == {0}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_quota_has_room_for_all_services_rolling_at_once(
    environment: str, render: Render
) -> None:
    """A release moves all of them; a pod that the quota holds back is tried again too late."""
    processors = 0.0
    for made in of_kind(render(environment), "Deployment").values():
        template = made["spec"]["template"]
        limits = [each["resources"]["limits"]["cpu"] for each in template["spec"]["containers"]]
        sidecar = template["metadata"].get("annotations", {}).get("dapr.io/sidecar-cpu-limit")
        pod = sum(cores(limit) for limit in [*limits, *([sidecar] if sidecar else [])])
        processors += (made["spec"]["replicas"] + 1) * pod
    quota, _ = quota_manifests("todo-app")
    assert processors <= cores(quota["spec"]["hard"]["limits.cpu"])


def cores(quantity: str) -> float:
    return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)
