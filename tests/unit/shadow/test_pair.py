"""What the two files of a shadow say, and that each alone tells of the pair."""

import pytest
import yaml

from ballast.shadow.pair import Pair, path_of

PAIR = Pair("staging", "dev")


@pytest.mark.parametrize(
    ("environment", "files"), [("staging", PAIR.share(5.0)), ("dev", PAIR.door())]
)
def test_each_file_tells_of_the_pair(environment: str, files: dict[str, str | None]) -> None:
    assert Pair.at(environment, files[path_of(environment)] or "") == PAIR


@pytest.mark.parametrize("text", ["", "global: {}", "global: {shadowOf: elsewhere}"])
def test_a_file_of_another_hand_tells_of_none(text: str) -> None:
    assert Pair.at("dev", text) is None


def test_the_share_is_of_the_users_and_names_the_other_namespace() -> None:
    said = yaml.safe_load(PAIR.share(5.0)["gitops/environments/staging/shadow.yaml"] or "")
    assert said == {"global": {"shadow": {"namespace": "todo-app-dev", "percent": 5.0}}}
