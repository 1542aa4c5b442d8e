import json

import pytest
from typer.testing import CliRunner

from ballast.node.cli import app
from ballast.node.errors import NodeError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BALLAST_HOME", str(tmp_path))
    return tmp_path


def run(*argv: str):
    return CliRunner().invoke(app, argv)


def test_the_status_of_no_node_is_json_and_a_failure():
    done = run("status", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["state"] == "stopped"


def test_taking_down_no_node_is_fine():
    assert run("down").exit_code == 0


def test_an_unknown_log_names_the_known_ones(home):
    (home / "node/log").mkdir(parents=True)
    (home / "node/log/etcd.log").write_text("a\nb\n")
    done = run("logs", "ectd")
    assert isinstance(done.exception, NodeError)
    assert "etcd" in done.exception.fix


def test_logs_print_the_last_lines(home):
    (home / "node/log").mkdir(parents=True)
    (home / "node/log/etcd.log").write_text("a\nb\nc\n")
    assert run("logs", "etcd", "-n", "2").stdout == "b\nc\n"


def test_a_program_needs_a_running_node():
    done = run("exec", "--", "true")
    assert isinstance(done.exception, NodeError)
    assert done.exception.fix == "ballast node up"
