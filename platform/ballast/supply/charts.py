"""Charts and manifests out of Go module zips, copied beside the programs that render them."""

import base64
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from ballast.errors import BallastError
from ballast.paths import cache_dir, repository_root
from ballast.supply.disk import room_for
from ballast.supply.exclusive import exclusive
from ballast.supply.go_spec import Chart, ChartPart
from ballast.supply.go_tool import GoTool
from ballast.supply.lock import Lock, load_lock
from ballast.supply.progress import Progress, Silent
from ballast.supply.toolchain import ensure_toolchain

_MARKER = ".ballast.json"


class ChartError(BallastError):
    """A chart could not be taken from its module, or the module is not the locked one."""


def ensure_charts(
    names: Iterable[str] | None = None,
    *,
    target: Path | None = None,
    lock: Lock | None = None,
    progress: Progress | None = None,
) -> dict[str, Path]:
    """Folders of the named charts (all by default) in <checkout>/.ballast/charts, made if absent.

    A copy that was edited or is of another version is replaced as a whole. Raises ChartError,
    GoBuildError, LockError.
    """
    lock, progress = lock or load_lock(), progress or Silent()
    target = target or repository_root() / ".ballast" / "charts"
    charts = [lock.find_chart(n) for n in names] if names is not None else list(lock.chart)
    stale = [chart for chart in charts if not _current(target / chart.name, chart)]
    if stale:
        with room_for("copying charts", target), exclusive(target / ".lock", progress.note):
            for chart in stale:
                if not _current(target / chart.name, chart):
                    _materialise(chart, target, lock, progress)
    return {chart.name: target / chart.name for chart in charts}


def module_zip_sum(archive: zipfile.ZipFile) -> str:
    """Go's h1 hash of a module zip: SHA-256 over the sorted list of its files' SHA-256."""
    total = hashlib.sha256()
    for name in sorted(archive.namelist()):
        digest = hashlib.sha256(archive.read(name)).hexdigest()
        total.update(f"{digest}  {name}\n".encode())
    return "h1:" + base64.b64encode(total.digest()).decode()


def escape_module(path: str) -> str:
    """A module path as the module cache spells it: capitals become ! and the small letter."""
    return "".join(f"!{letter.lower()}" if letter.isupper() else letter for letter in path)


def _materialise(chart: Chart, target: Path, lock: Lock, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=target, prefix=f".{chart.name}-") as draft:
        folder = Path(draft) / chart.name
        _unpack(chart, folder, lock, progress)
        for part in chart.dependency:
            _unpack(part, folder / "charts" / part.name, lock, progress)
        if chart.dependency or chart.without:
            _settle_dependencies(chart, folder)
        marker = {"lock": chart.model_dump(mode="json"), "content": _content(folder)}
        (folder / _MARKER).write_text(json.dumps(marker), encoding="utf-8")
        final = target / chart.name
        if final.exists():
            final.rename(Path(draft) / "old")
        folder.rename(final)


def _current(folder: Path, chart: Chart) -> bool:
    try:
        marker: dict[str, Any] = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return marker.get("lock") == chart.model_dump(mode="json") and marker.get(
        "content"
    ) == _content(folder)


def _content(folder: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != _MARKER):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{digest}  {file.relative_to(folder).as_posix()}\n".encode())
    return total.hexdigest()


def _unpack(part: ChartPart, folder: Path, lock: Lock, progress: Progress) -> None:
    """Copy a folder of the module, or one file of it, into `folder`."""
    subject = f"{part.module}@{part.version}"
    with zipfile.ZipFile(_module_zip(part, lock, progress)) as archive:
        found = module_zip_sum(archive)
        if found != part.sum:
            raise ChartError(
                f"{subject} has sum {found}, supply.lock says {part.sum}",
                fix="review the module; after a deliberate change edit `sum` in supply.lock",
            )
        root = f"{subject}/{part.path.strip('/')}" if part.path != "." else subject
        names = [n for n in archive.namelist() if n == root or n.startswith(f"{root}/")]
        if not names:
            raise ChartError(f"{subject} has no {part.path}", fix="correct `path` in supply.lock")
        for name in names:
            inside = name.removeprefix(root).lstrip("/") or Path(name).name
            file = folder / inside
            file.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, file.open("wb") as copy:
                shutil.copyfileobj(source, copy)


def _module_zip(part: ChartPart, lock: Lock, progress: Progress) -> Path:
    """The zip in the module cache, downloaded when it is not there."""
    cache = cache_dir() / "go"
    versions = cache / "mod" / "cache" / "download" / escape_module(part.module) / "@v"
    path = versions / f"{escape_module(part.version)}.zip"
    if not path.is_file():
        progress.note(f"downloading {part.module}@{part.version}")
        goroot = ensure_toolchain("go", lock.toolchain["go"], progress=progress).parent.parent
        with tempfile.TemporaryDirectory() as folder:
            facts = GoTool(goroot, cache).download(part.module, part.version, Path(folder))
        path = Path(facts["Zip"])
    return path


def _settle_dependencies(chart: Chart, folder: Path) -> None:
    """Make Chart.yaml name the subcharts that are there, and drop the lock of the former ones."""
    file = folder / "Chart.yaml"
    document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    named: list[dict[str, Any]] = document.get("dependencies") or []
    kept = {str(entry["name"]): entry for entry in named if entry["name"] not in chart.without}
    for part in chart.dependency:
        inside = folder / "charts" / part.name / "Chart.yaml"
        version: str = yaml.safe_load(inside.read_text(encoding="utf-8"))["version"]
        kept.setdefault(part.name, {"name": part.name}).update(version=version, repository="")
    document["dependencies"] = list(kept.values())
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    (folder / "Chart.lock").unlink(missing_ok=True)
