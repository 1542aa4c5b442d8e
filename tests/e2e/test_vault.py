"""Services log in to the database with short-lived credentials from Vault."""

import pytest

from ballast.kubeapi import KubeApi

pytestmark = pytest.mark.e2e


def sql(api: KubeApi, statement: str) -> str:
    return api.exec(
        "database", "postgres-0", ["psql", "-U", "postgres", "-Atc", statement], "postgres"
    )


def test_sessions_of_the_task_service_use_dynamic_users(api: KubeApi) -> None:
    users = sql(
        api, "select distinct usename from pg_stat_activity where datname = 'tasks_dev'"
    ).split()
    assert users
    assert all(user.startswith("v-") for user in users), users


def test_dynamic_users_expire_within_the_hour(api: KubeApi) -> None:
    rows = sql(
        api,
        "select rolname from pg_roles where rolname like 'v-%' "
        "and (rolvaliduntil is null or rolvaliduntil > now() + interval '70 minutes')",
    )
    assert rows.strip() == ""
