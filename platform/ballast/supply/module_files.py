"""Single files out of Go modules: fetched and checked by Go, never copied into this repository."""

import os
import tempfile
import zipfile
from pathlib import Path

from ballast.errors import BallastError
from ballast.paths import cache_dir
from ballast.supply.charts import escape_module
from ballast.supply.go_tool import GoTool
from ballast.supply.image_spec import ModuleFile
from ballast.supply.lock import Lock
from ballast.supply.progress import Progress
from ballast.supply.toolchain import ensure_toolchain


class ModuleFileError(BallastError):
    """A module does not hold the file that an image wants."""


def ensure_module_file(wanted: ModuleFile, lock: Lock, progress: Progress) -> Path:
    """The file on this machine, kept by module version. Raises ModuleFileError, GoBuildError."""
    component = next((c for c in lock.binary if c.component == wanted.component), None)
    if component is None:
        raise ModuleFileError(
            f"an image wants {wanted.source} of component {wanted.component!r}, "
            "which supply.lock does not have",
            "name one of its [[binary]] components",
        )
    version = f"{component.module}@{component.version}"
    kept = cache_dir() / "modules" / escape_module(version) / wanted.source
    if kept.is_file():
        return kept
    progress.note(f"taking {wanted.source} from {version}")
    go = GoTool(
        ensure_toolchain("go", lock.toolchain["go"], progress=progress).parent.parent, _go()
    )
    with tempfile.TemporaryDirectory() as folder:
        facts = go.download(component.module, component.version, Path(folder))
    with zipfile.ZipFile(facts["Zip"]) as archive:
        try:
            data = archive.read(f"{version}/{wanted.source}")
        except KeyError:
            raise ModuleFileError(
                f"{version} has no file {wanted.source}", "correct `source` in supply.lock"
            ) from None
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = kept.with_name(f".{kept.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(kept)
    return kept


def _go() -> Path:
    return cache_dir() / "go"
