"""Migrations and topics: once for what they do, before what needs them."""

import pytest

from ballast.names import TOPICS_USER, broker_secret

from .conftest import ENVIRONMENTS, Object, Render, digest, of_kind


def jobs(objects: list[Object]) -> dict[str, Object]:
    """Jobs by service and step, without the digest at the end of their names."""
    return {name.rsplit("-", 1)[0]: job for name, job in of_kind(objects, "Job").items()}


def name_of(objects: list[Object], step: str) -> str:
    return jobs(objects)[step]["metadata"]["name"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_step_runs_its_module_as_its_service(environment: str, render: Render) -> None:
    found = {
        name: (
            job["spec"]["template"]["spec"]["containers"][0]["command"],
            job["spec"]["template"]["spec"]["serviceAccountName"],
        )
        for name, job in jobs(render(environment)).items()
    }

    assert found == {
        "task-service-migrate": (["python3", "-m", "tasks.migrate"], "task-service"),
        "task-service-topics": (["python3", "-m", "todo_shared.topics"], "task-service"),
        "notification-service-migrate": (
            ["python3", "-m", "notifications.migrate"],
            "notification-service",
        ),
        "scheduler-service-migrate": (["python3", "-m", "scheduler.migrate"], "scheduler-service"),
        "analytics-service-migrate": (["python3", "-m", "analytics.migrate"], "analytics-service"),
    }


def test_the_same_release_makes_the_same_job(render: Render) -> None:
    assert jobs(render("dev")) == jobs(render("dev"))


def test_a_commit_that_changes_nothing_of_a_step_does_not_run_it_again(render: Render) -> None:
    changed = render("dev", "task-service.replicas=3", 'global.release.revision="other"')

    assert jobs(changed) == jobs(render("dev"))


@pytest.mark.parametrize(
    "change",
    [
        f'global.release.images.task-service.digest="{digest(9)}"',
        'global.database.host="elsewhere"',
        'global.topicPrefix="other."',
        'task-service.steps={"migrate":"tasks.other","topics":"todo_shared.topics"}',
    ],
)
def test_a_commit_that_changes_what_a_step_does_makes_a_new_job(
    change: str, render: Render
) -> None:
    before, after = render("dev"), render("dev", change)

    assert name_of(before, "task-service-migrate") != name_of(after, "task-service-migrate")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_job_of_a_service_is_made_only_when_the_service_is(
    environment: str, render: Render
) -> None:
    assert set(jobs(render(environment, "task-service.enabled=false"))) == {
        "notification-service-migrate",
        "scheduler-service-migrate",
        "analytics-service-migrate",
    }


def test_a_step_waits_for_the_ports_it_needs(render: Render) -> None:
    [wait] = jobs(render("dev"))["task-service-migrate"]["spec"]["template"]["spec"][
        "initContainers"
    ]

    assert wait["args"] == [
        "redpanda.messaging.svc.cluster.local:9092",
        "postgres.database.svc.cluster.local:5432",
        "vault.vault.svc.cluster.local:8200",
    ]


def test_a_finished_job_is_kept_so_that_it_is_not_run_again(render: Render) -> None:
    for job in jobs(render("dev")).values():
        assert "ttlSecondsAfterFinished" not in job["spec"]
        assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_the_step_that_makes_topics_logs_in_to_the_broker(
    environment: str, render: Render
) -> None:
    found: dict[str, str] = {}
    for name, job in jobs(render(environment)).items():
        pod = job["spec"]["template"]["spec"]
        [container] = pod["containers"]
        volumes = {each["name"]: each for each in pod["volumes"]}
        if container.get("env"):
            assert container["env"] == [{"name": "KAFKA_LOGIN_PATH", "value": "/etc/kafka"}]
            mount = {"name": "kafka", "mountPath": "/etc/kafka", "readOnly": True}
            assert mount in container["volumeMounts"]
            found[name] = volumes["kafka"]["secret"]["secretName"]
        else:
            assert "kafka" not in volumes

    assert found == {"task-service-topics": broker_secret(TOPICS_USER)}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_the_service_that_rebuilds_from_the_broker_has_its_login(
    environment: str, render: Render
) -> None:
    objects = render(environment)
    found = {
        name: volume["secret"]["secretName"]
        for name, deployment in of_kind(objects, "Deployment").items()
        for volume in deployment["spec"]["template"]["spec"]["volumes"]
        if volume["name"] == "kafka"
    }

    assert found == {"analytics-service": broker_secret("analytics-service")}
    data = of_kind(objects, "ConfigMap")["analytics-service-config"]["data"]
    assert data["KAFKA_LOGIN_PATH"] == "/etc/kafka"
