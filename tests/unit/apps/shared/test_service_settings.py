"""Settings come from the environment, and a wrong one is named."""

from pathlib import Path

import pytest

from todo_shared.credentials import StaticCredentials, VaultCredentials, credentials_from
from todo_shared.settings import DatabaseSettings, ServiceSettings, SettingsError


def test_a_field_is_filled_from_the_variable_of_its_name() -> None:
    settings = ServiceSettings.from_environment({"PORT": "8001", "TOPIC_PREFIX": "dev."})
    assert (settings.port, settings.topic_prefix) == (8001, "dev.")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert ServiceSettings.from_environment({"LOG_LEVEL": ""}).log_level == "INFO"


def test_a_wrong_variable_is_named_with_its_problem() -> None:
    with pytest.raises(SettingsError, match=r"LOG_LEVEL: .*; PORT: "):
        ServiceSettings.from_environment({"PORT": "-1", "LOG_LEVEL": "LOUD"})


def test_the_sidecar_is_where_dapr_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAPR_HTTP_PORT", "3501")
    monkeypatch.setenv("DAPR_API_TOKEN", "t")
    settings = ServiceSettings.from_environment({})
    assert (settings.sidecar_url, settings.sidecar_token) == ("http://127.0.0.1:3501", "t")


def test_a_database_url_wins_over_vault() -> None:
    chosen = credentials_from(
        DatabaseSettings(database_url="postgresql://u:p@h/d", vault_addr="http://v", vault_role="r")
    )
    assert isinstance(chosen, StaticCredentials)


def test_vault_is_used_when_it_is_named() -> None:
    chosen = credentials_from(DatabaseSettings(vault_addr="http://v", vault_role="r"))
    assert isinstance(chosen, VaultCredentials)


def test_without_any_source_the_remedy_is_named() -> None:
    with pytest.raises(SettingsError, match="VAULT_ADDR and VAULT_ROLE, or DATABASE_URL"):
        credentials_from(DatabaseSettings())


async def test_a_url_is_read_into_its_parts() -> None:
    login = await StaticCredentials("postgresql://u%40x:p%2F1@db:6543/tasks").take()
    assert (login.host, login.port, login.database) == ("db", 6543, "tasks")
    assert (login.user, login.password, login.seconds) == ("u@x", "p/1", float("inf"))


def test_a_url_without_a_database_is_refused() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL must be"):
        StaticCredentials("postgresql://u:p@db/")


def test_the_token_of_vault_is_where_the_chart_mounts_it() -> None:
    assert DatabaseSettings().vault_token_path == Path("/var/run/secrets/vault/token")
