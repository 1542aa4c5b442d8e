"""Locked Debian packages on this machine, fetched by a private apt when they are missing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ballast.paths import cache_dir
from ballast.supply.apt import Apt, AptError, Available
from ballast.supply.exclusive import exclusive
from ballast.supply.image_spec import DebianSpec, LockedDeb
from ballast.supply.store import file_sha256

Report = Callable[[str], None]


@dataclass(frozen=True)
class Deb:
    """A package on disk; `version` differs from the lock's when the archive moved on."""

    name: str
    version: str
    sha256: str
    path: Path


@dataclass
class DebianStore:
    """debian/debs/<sha256>.deb and a private apt to fill it."""

    spec: DebianSpec
    root: Path = field(default_factory=lambda: cache_dir() / "debian")

    def apt(self) -> Apt:
        """The private apt of this store."""
        return Apt(self.root / "apt", self.spec.release)

    def ensure(self, names: Iterable[str], report: Report) -> dict[str, Deb]:
        """Every named package verified on disk, fetched when it is missing.

        A version that the archive no longer offers is replaced by the newest signed one, and
        `report` gets one sentence. Raises AptError when a package is not to be had at all.
        """
        wanted = {name: self.spec.package[name] for name in sorted(set(names))}
        found = {name: self._find(name, locked) for name, locked in wanted.items()}
        missing = [name for name, deb in found.items() if deb is None]
        if missing:
            with exclusive(self.root / "lock", report):
                found.update(self._fetch(missing, wanted, report))
        return {name: deb for name, deb in found.items() if deb}

    def _find(self, name: str, locked: LockedDeb) -> Deb | None:
        path = self.root / "debs" / f"{locked.sha256}.deb"
        if path.is_file():
            return Deb(name, locked.version, locked.sha256, path)
        moved = self._moved(name, locked)
        if not moved.is_file():
            return None
        version, sha256 = moved.read_text(encoding="utf-8").split()
        newer = self.root / "debs" / f"{sha256}.deb"
        return Deb(name, version, sha256, newer) if newer.is_file() else None

    def _fetch(
        self, missing: list[str], wanted: dict[str, LockedDeb], report: Report
    ) -> dict[str, Deb]:
        apt = self.apt()
        apt.update()
        offered = apt.available(missing)
        chosen: dict[str, Available] = {}
        for name in missing:
            versions = offered.get(name, [])
            if not versions:
                raise AptError(f"the Debian archive no longer has {name}", "ballast supply relock")
            same = [v for v in versions if v.sha256 == wanted[name].sha256]
            chosen[name] = same[0] if same else versions[0]
            if not same:
                report(
                    f"Debian replaced {name} {wanted[name].version} by {versions[0].version}: "
                    "the newer signed one is used, and the image's digest differs from the lock"
                )
        debs: dict[str, Deb] = {}
        for name, path in apt.fetch(chosen.values()).items():
            debs[name] = self._store(chosen[name], path, wanted[name])
        return debs

    def _store(self, one: Available, path: Path, locked: LockedDeb) -> Deb:
        actual = file_sha256(path)
        if actual != one.sha256:
            path.unlink()
            raise AptError(
                f"{one.name} {one.version} has SHA-256 {actual}, its index says {one.sha256}",
                "build again; when it repeats, the mirror or a proxy alters files",
            )
        kept = self.root / "debs" / f"{actual}.deb"
        kept.parent.mkdir(parents=True, exist_ok=True)
        path.replace(kept)
        if actual != locked.sha256:
            moved = self._moved(one.name, locked)
            moved.parent.mkdir(parents=True, exist_ok=True)
            moved.write_text(f"{one.version} {actual}\n", encoding="utf-8")
        return Deb(one.name, one.version, actual, kept)

    def _moved(self, name: str, locked: LockedDeb) -> Path:
        return self.root / "moved" / f"{name}_{locked.sha256}"
