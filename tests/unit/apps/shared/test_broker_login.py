"""How a program logs in to the broker, and what it says when it cannot."""

import io
import json
import sys
from pathlib import Path

import pytest

from todo_shared.broker import BrokerConnection, BrokerLogin, BrokerSettings
from todo_shared.settings import SettingsError

AUTHORITY = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
LOGIN = {"username": "dev.ann", "password": "s3cret", "authority": AUTHORITY}


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """The folder of a Secret."""
    for name, key in {
        "username": "username",
        "password": "password",
        "ca.crt": "authority",
    }.items():
        (tmp_path / name).write_text(LOGIN[key])
    return tmp_path


def test_a_mounted_login_is_used_over_tls_only(mounted: Path) -> None:
    environment = {"KAFKA_BROKERS": "broker:9092", "KAFKA_LOGIN_PATH": str(mounted)}
    options = BrokerSettings.from_environment(environment).connection().options()
    assert options == {
        "bootstrap.servers": "broker:9092",
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": "dev.ann",
        "sasl.password": "s3cret",
        "ssl.ca.pem": AUTHORITY,
    }


@pytest.mark.parametrize("missing", ["username", "password", "ca.crt"])
def test_half_a_login_is_refused_and_never_downgraded(mounted: Path, missing: str) -> None:
    (mounted / missing).unlink()
    with pytest.raises(SettingsError, match=missing):
        BrokerSettings(kafka_brokers="b:1", kafka_login_path=mounted).connection()


@pytest.mark.parametrize("empty", ["username", "password", "ca.crt"])
def test_an_empty_part_is_refused(mounted: Path, empty: str) -> None:
    (mounted / empty).write_text("")
    with pytest.raises(SettingsError, match="no login of the broker"):
        BrokerSettings(kafka_brokers="b:1", kafka_login_path=mounted).connection()


@pytest.mark.parametrize(
    "given",
    # Nothing, a part that is missing, and one that nobody reads.
    ["", json.dumps({"password": "s3cret"}), json.dumps(LOGIN | {"more": "s3cret"})],
)
def test_a_login_that_came_in_wrong_is_refused_without_repeating_it(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    with pytest.raises(SettingsError) as refused:
        BrokerLogin.from_stdin()
    assert "s3cret" not in str(refused.value)


def test_no_text_of_a_connection_shows_its_password() -> None:
    login = BrokerLogin.model_validate(LOGIN)
    connection = BrokerConnection("broker:9092", login)
    assert str(connection) == "broker:9092"
    assert "s3cret" not in f"{login!r} {connection!r}"
