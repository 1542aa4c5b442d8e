"""What the lock says of images, Debian packages and Java archives."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ballast.supply.go_spec import Name, Sha256

AbsolutePath = Annotated[str, Field(pattern=r"^/[^\s]*$")]
Owner = Annotated[str, Field(pattern=r"^\d+:\d+$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LockedDeb(_Frozen):
    """One signed package; the digest is that of the whole .deb."""

    version: str
    sha256: Sha256


class DebianSet(_Frozen):
    """Packages whose contents form one layer or one tree.

    `over` names sets that lie below: their packages are not repeated. `exact` takes the packages
    without what they depend on; `omit` leaves packages out of what was found. `without` are globs
    over paths (no leading slash) left out, `only` keeps nothing else. `links` are symlinks that
    maintainer scripts would have made; `aliases` maps a program to other names of itself, made
    beside it. `bundle` joins the kept files into one at that path.
    """

    packages: tuple[str, ...]
    over: tuple[Name, ...] = ()
    exact: bool = False
    omit: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    links: dict[AbsolutePath, str] = {}
    aliases: dict[AbsolutePath, tuple[str, ...]] = {}
    bundle: AbsolutePath | None = None


class DebianSpec(_Frozen):
    """Everything taken from Debian.

    `never` lists packages that no set needs at run time. `closure` (set to package names) and
    `package` are written by `ballast supply relock`.
    """

    release: str
    never: tuple[str, ...] = ()
    set: dict[Name, DebianSet] = {}
    closure: dict[Name, tuple[str, ...]] = {}
    package: dict[str, LockedDeb] = {}

    @model_validator(mode="after")
    def _sets_agree(self) -> Self:
        for name, chosen in self.set.items():
            for below in chosen.over:
                if below not in self.set:
                    raise ValueError(f"set {name!r} lies over {below!r}, which is not declared")
        for name, packages in self.closure.items():
            for package in packages:
                if package not in self.package:
                    raise ValueError(
                        f"set {name!r} holds package {package!r}, which is not locked: "
                        "run `ballast supply relock`"
                    )
        return self


class MavenSet(_Frozen):
    """Java archives that belong together.

    `roots` are group:artifact:version, optionally followed by :packaging:classifier; `exact`
    takes them without what they depend on, `without` are group:artifact left out. `unpack` takes
    an archive's files, less its first folder, instead of the archive itself.
    """

    roots: tuple[str, ...]
    without: tuple[str, ...] = ()
    exact: bool = False
    unpack: bool = False


class MavenSpec(_Frozen):
    """Everything taken from Maven repositories.

    `closure` (set to coordinate to SHA-256) is written by `ballast supply relock`.
    """

    set: dict[Name, MavenSet] = {}
    closure: dict[Name, dict[str, Sha256]] = {}


class User(_Frozen):
    """A line of /etc/passwd, and its group of the same name."""

    name: str
    uid: int
    gid: int
    home: AbsolutePath = "/"


class Folder(_Frozen):
    """A directory that must exist with this owner ("uid:gid") and mode (octal digits)."""

    path: AbsolutePath
    owner: Owner = "0:0"
    mode: Annotated[str, Field(pattern=r"^[0-7]{4}$")] = "0755"


class ModuleFile(_Frozen):
    """A file out of the Go module that a component of the lock is built from."""

    component: Name
    source: str
    path: AbsolutePath


class ImageSpec(_Frozen):
    """One image.

    Layers, bottom first: `debian` sets, the Java runtime, each `jars` set, the wheels of the
    services, each of `binaries` (path to program name of the lock), and one of the rest: `content`
    (path to a file of supply/content), `source` (path to a folder of this repository),
    `module_files`, `links`, `users` and `folders`.
    """

    name: Name
    reference: Annotated[str, Field(pattern=r"^[a-z0-9.-]+/[a-z0-9./_-]+:[A-Za-z0-9._-]+$")]
    group: Literal["node", "platform", "app"] = "platform"
    title: str
    description: str = ""
    debian: tuple[Name, ...] = ()
    java: bool = False
    jars: dict[AbsolutePath, Name] = {}
    wheels: AbsolutePath | None = None
    binaries: dict[AbsolutePath, str] = {}
    content: dict[AbsolutePath, str] = {}
    source: dict[AbsolutePath, str] = {}
    module_files: tuple[ModuleFile, ...] = ()
    links: dict[AbsolutePath, str] = {}
    users: tuple[User, ...] = ()
    folders: tuple[Folder, ...] = ()
    user: Owner
    workdir: AbsolutePath = "/"
    env: dict[str, str] = {}
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    @property
    def repository(self) -> str:
        """The reference without its tag."""
        return self.reference.rsplit(":", 1)[0]

    @property
    def tag(self) -> str:
        """What follows the last colon of the reference."""
        return self.reference.rsplit(":", 1)[1]
