"""A chart is a checked, whole and writable copy out of a module zip."""

import base64
import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from ballast.supply.charts import ChartError, ensure_charts, escape_module, module_zip_sum
from ballast.supply.lock import Lock, LockError, load_lock

MODULE, VERSION = "example.test/Charts", "v1.0.0"
FILES = {
    "charts/app/Chart.yaml": yaml.safe_dump(
        {
            "name": "app",
            "version": "1.0.0",
            "dependencies": [
                {"name": "inside", "version": "9.9.9", "repository": "https://charts.test"},
                {"name": "unwanted", "version": "1.0.0", "repository": "https://charts.test"},
            ],
        }
    ),
    "charts/app/Chart.lock": "dependencies: []\n",
    "charts/app/templates/all.yaml": "kind: List\n",
    "charts/inside/Chart.yaml": "name: inside\nversion: 0.1.0\n",
    "charts/application/other.yaml": "kind: Other\n",
    "install.yaml": "kind: Everything\n",
}


def zipped(folder: Path) -> str:
    """Put the module's zip where the module cache keeps it; returns its sum."""
    target = folder / "go/mod/cache/download/example.test/!charts/@v" / f"{VERSION}.zip"
    target.parent.mkdir(parents=True)
    lines: list[str] = []
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(f"{MODULE}@{VERSION}/{name}", text)
    for name in sorted(FILES):
        digest = hashlib.sha256(FILES[name].encode()).hexdigest()
        lines.append(f"{digest}  {MODULE}@{VERSION}/{name}\n")
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


@pytest.fixture
def facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("BALLAST_CACHE", str(tmp_path / "cache"))
    return {"module": MODULE, "version": VERSION, "sum": zipped(tmp_path / "cache")}


def lock(*charts: dict[str, Any]) -> Lock:
    toolchain = load_lock().model_dump()["toolchain"]
    return Lock.model_validate({"toolchain": toolchain, "chart": list(charts)})


def app(facts: dict[str, str], **more: Any) -> Lock:
    return lock({"name": "app", "path": "charts/app", **facts, **more})


def test_a_folder_of_the_module_is_copied_without_its_neighbours(
    facts: dict[str, str], tmp_path: Path
) -> None:
    made = ensure_charts(lock=app(facts), target=tmp_path / "charts")["app"]
    names = {p.relative_to(made).as_posix() for p in made.rglob("*.yaml")}
    assert names == {"Chart.yaml", "templates/all.yaml"}


def test_one_file_can_be_taken(facts: dict[str, str], tmp_path: Path) -> None:
    single = lock({"name": "all", "path": "install.yaml", **facts})
    made = ensure_charts(lock=single, target=tmp_path / "charts")["all"]
    assert (made / "install.yaml").read_text() == "kind: Everything\n"


def test_a_copy_can_be_written_by_its_owner(facts: dict[str, str], tmp_path: Path) -> None:
    made = ensure_charts(lock=app(facts), target=tmp_path / "charts")["app"]
    assert all(p.stat().st_mode & 0o200 for p in made.rglob("*"))


def test_a_second_call_changes_nothing(facts: dict[str, str], tmp_path: Path) -> None:
    first = ensure_charts(lock=app(facts), target=tmp_path / "charts")["app"]
    before = first.stat().st_ino
    assert ensure_charts(lock=app(facts), target=tmp_path / "charts")["app"].stat().st_ino == before


def test_an_edited_copy_is_replaced(facts: dict[str, str], tmp_path: Path) -> None:
    made = ensure_charts(lock=app(facts), target=tmp_path / "charts")["app"]
    (made / "templates" / "all.yaml").write_text("kind: Edited\n")
    ensure_charts(lock=app(facts), target=tmp_path / "charts")
    assert (made / "templates" / "all.yaml").read_text() == "kind: List\n"


def test_no_draft_is_left(facts: dict[str, str], tmp_path: Path) -> None:
    ensure_charts(lock=app(facts), target=tmp_path / "charts")
    assert sorted(p.name for p in (tmp_path / "charts").iterdir()) == [".lock", "app"]


def test_a_module_with_another_sum_is_refused_and_nothing_is_made(
    facts: dict[str, str], tmp_path: Path
) -> None:
    wrong = facts | {"sum": "h1:" + "A" * 43 + "="}
    with pytest.raises(ChartError, match=r"supply.lock says h1:AAA"):
        ensure_charts(lock=app(wrong), target=tmp_path / "charts")
    assert not (tmp_path / "charts" / "app").exists()


def test_a_path_that_the_module_lacks_is_named(facts: dict[str, str], tmp_path: Path) -> None:
    absent = lock({"name": "app", "path": "charts/none", **facts})
    with pytest.raises(ChartError, match="has no charts/none"):
        ensure_charts(lock=absent, target=tmp_path / "charts")


def test_a_subchart_of_another_module_is_put_in_and_named(
    facts: dict[str, str], tmp_path: Path
) -> None:
    inside = {"name": "inside", "path": "charts/inside", **facts}
    whole = app(facts, dependency=[inside], without=["unwanted"])
    made = ensure_charts(lock=whole, target=tmp_path / "charts")["app"]
    named = yaml.safe_load((made / "Chart.yaml").read_text())["dependencies"]
    assert named == [{"name": "inside", "version": "0.1.0", "repository": ""}]
    assert (made / "charts/inside/Chart.yaml").is_file()
    assert not (made / "Chart.lock").exists()


def test_an_unknown_chart_is_answered_with_the_nearest(facts: dict[str, str]) -> None:
    with pytest.raises(LockError) as caught:
        ensure_charts(["apq"], lock=app(facts))
    assert caught.value.fix == "did you mean 'app'?"


def test_the_sum_is_gos_own(facts: dict[str, str], tmp_path: Path) -> None:
    found = next((tmp_path / "cache").rglob("*.zip"))
    with zipfile.ZipFile(found) as archive:
        assert module_zip_sum(archive) == facts["sum"]


def test_capitals_are_spelt_as_the_module_cache_does() -> None:
    assert escape_module("github.com/Azure/SDK") == "github.com/!azure/!s!d!k"
