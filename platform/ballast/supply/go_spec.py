"""What the lock says of toolchains, Go components and charts."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ModuleVersion = Annotated[str, Field(pattern=r"^v\d+\.\d+\.\d+")]
ModuleSum = Annotated[str, Field(pattern=r"^h1:[A-Za-z0-9+/]{43}=$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Toolchain(_Frozen):
    """A compiler or runtime that is a wheel; `wheels` maps a machine (uname -m) to its SHA-256."""

    package: str
    version: str
    executable: str
    wheels: dict[str, Sha256]


class Program(_Frozen):
    """One executable of a component; `sha256` is absent only until `supply lock` has written it.

    Its main package is `package` of the component's module, "." for the module's root, or `source`:
    a folder of supply/go with a main package of ours that is built against the module.
    """

    name: Name
    package: str | None = None
    source: Name | None = None
    sha256: Sha256 | None = None
    size: int | None = None

    @model_validator(mode="after")
    def _has_one_main_package(self) -> Self:
        if (self.package is None) == (self.source is None):
            raise ValueError("a program has either `package` or `source`")
        return self


class Component(_Frozen):
    """A Go module at one version and the programs built from it in one wrapper module.

    Where its programs use a module of the lock's `shared` table, that version is required, except
    for the globs of `own`. `exclude` are versions above the shared one that something asks for, by
    module path or glob over the shared ones. `replace` maps a module path, or a glob over the paths
    that the module itself replaces, to "vX.Y.Z" (same path) or "path vX.Y.Z". `seconds` is a build
    from nothing on two cores.
    """

    component: Name
    module: str
    version: ModuleVersion
    own: tuple[str, ...] = ()
    exclude: dict[str, tuple[ModuleVersion, ...]] = {}
    require: dict[str, ModuleVersion] = {}
    replace: dict[str, str] = {}
    drop_replaces: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    seconds: float | None = None
    program: Annotated[tuple[Program, ...], Field(min_length=1)]


class ChartPart(_Frozen):
    """A folder or file inside a module zip; `sum` is Go's h1 hash of the whole zip."""

    module: str
    version: ModuleVersion
    path: str
    sum: ModuleSum


class ChartDependency(ChartPart):
    """A subchart that the chart names by address and that another module carries."""

    name: str


class Chart(ChartPart):
    """A chart or manifest taken from a module; `without` lists subcharts that are left out."""

    name: Name
    dependency: tuple[ChartDependency, ...] = ()
    without: tuple[str, ...] = ()
