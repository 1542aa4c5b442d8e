"""The runbook's commands are commands that there are, with options that they have."""

import re

import pytest
from typer.testing import CliRunner

from ballast.cli import app
from ballast.paths import repository_root

RUNBOOK = (repository_root() / "docs" / "runbooks" / "blue-green.md").read_text()
COMMANDS = re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL)[0].strip().splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_runbook_exists(command: str) -> None:
    program, area, verb, environment, *options = command.split()
    assert (program, area, environment) == ("ballast", "green", "dev")
    said = CliRunner().invoke(app, [area, verb, "--help"])
    assert said.exit_code == 0
    assert all(option in said.output for option in options if option.startswith("--"))
