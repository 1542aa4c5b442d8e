"""supply.lock: everything that is built or unpacked, with the digest each artefact must have."""

import difflib
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self, cast

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ballast.errors import BallastError
from ballast.paths import repository_root
from ballast.supply.go_spec import Chart, Component, ModuleVersion, Program, Toolchain
from ballast.supply.image_spec import DebianSpec, ImageSpec, MavenSpec

SOURCES = Path(__file__).parent / "go"


class LockError(BallastError):
    """supply.lock cannot be read, or names something that does not exist."""


class Lock(BaseModel):
    """The whole lock; `binary` is in build order, what the node needs first comes first.

    `shared` maps module paths to the one version that all components are built with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    toolchain: dict[str, Toolchain]
    shared: dict[str, ModuleVersion] = {}
    binary: tuple[Component, ...] = ()
    chart: tuple[Chart, ...] = ()
    image: tuple[ImageSpec, ...] = ()
    debian: DebianSpec | None = None
    maven: MavenSpec | None = None

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        for kind, names in (
            ("component", [c.component for c in self.binary]),
            ("program", [p.name for c in self.binary for p in c.program]),
            ("chart", [c.name for c in self.chart]),
        ):
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise ValueError(f"{kind} {twice[0]!r} is declared twice")
        for component in self.binary:
            for program in component.program:
                if program.source and not (source_folder(program.source) / "main.go").is_file():
                    raise ValueError(
                        f"program {program.name!r} has source {program.source!r}, "
                        f"but {source_folder(program.source)} has no main.go"
                    )
        return self

    def programs(self) -> dict[str, tuple[Component, Program]]:
        """Every program by name, in build order."""
        return {p.name: (c, p) for c in self.binary for p in c.program}

    def select(self, names: Iterable[str]) -> dict[str, tuple[Component, Program]]:
        """The named programs in build order. Raises LockError for a name the lock does not have."""
        wanted, known = set(names), self.programs()
        for name in sorted(wanted - known.keys()):
            raise LockError(f"supply.lock has no binary {name!r}", fix=_nearest(name, known))
        return {name: found for name, found in known.items() if name in wanted}

    def find_component(self, name: str) -> Component:
        """The component of that name. Raises LockError when there is none."""
        for component in self.binary:
            if component.component == name:
                return component
        known = [c.component for c in self.binary]
        raise LockError(f"supply.lock has no component {name!r}", fix=_nearest(name, known))

    def find_chart(self, name: str) -> Chart:
        """The chart of that name. Raises LockError when there is none."""
        for chart in self.chart:
            if chart.name == name:
                return chart
        raise LockError(
            f"supply.lock has no chart {name!r}", fix=_nearest(name, [c.name for c in self.chart])
        )


def source_folder(source: str) -> Path:
    """Folder of a main package of ours that is built against a locked module."""
    return SOURCES / source


def lock_path() -> Path:
    """Path of this checkout's supply.lock."""
    return repository_root() / "supply.lock"


def load_lock(path: Path | None = None) -> Lock:
    """Read and check the lock. Raises LockError with the place and the remedy."""
    path = path or lock_path()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LockError(f"{path} does not exist", fix="git checkout supply.lock") from None
    except tomllib.TOMLDecodeError as error:
        raise LockError(f"{path} is not TOML: {error}", fix="git diff supply.lock") from error
    try:
        return Lock.model_validate(document)
    except ValidationError as error:
        raise LockError(_explain(path, document, error), fix="git diff supply.lock") from error


def _explain(path: Path, document: Mapping[str, object], error: ValidationError) -> str:
    lines: list[str] = []
    for problem in error.errors(include_url=False):
        where = _place(document, problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{where}: {message}" if where else message)
    return f"{path}: " + "; ".join(lines)


def _place(document: object, location: tuple[int | str, ...]) -> str:
    """A location as a reader names it: list items by their name, not by their number."""
    words: list[str] = []
    for step in location:
        if isinstance(document, list) and isinstance(step, int):
            document = cast("list[object]", document)[step]
            words[-1:] = [f"{words[-1] if words else ''}[{_label(document, step)}]"]
        else:
            if isinstance(document, dict):
                document = cast("dict[object, object]", document).get(step)
            words.append(str(step))
    return ".".join(words)


def _label(item: object, index: int) -> str:
    if isinstance(item, dict):
        entry = cast("dict[str, object]", item)
        return str(entry.get("component") or entry.get("name") or index)
    return str(index)


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else "known: " + ", ".join(names)
