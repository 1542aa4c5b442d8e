"""A private apt: its own state, only sources signed by the Debian archive, nothing installed."""

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ballast.errors import BallastError
from ballast.supply.apt_sources import debian_stanzas, source_files

MACHINE_SOURCES = Path("/etc/apt")
HOOKS = (
    "APT::Update::Pre-Invoke",
    "APT::Update::Post-Invoke",
    "APT::Update::Post-Invoke-Success",
    "DPkg::Pre-Install-Pkgs",
    "DPkg::Post-Invoke",
    "Acquire::IndexTargets::deb::DEP-11",
    "Acquire::IndexTargets::deb::DEP-11-icons-small",
    "Acquire::IndexTargets::deb::DEP-11-icons",
    "Acquire::IndexTargets::deb::DEP-11-icons-hidpi",
    "Acquire::IndexTargets::deb::DEP-11-icons-large",
    "Acquire::IndexTargets::deb::DEP-11-icons-large-hidpi",
)
_FIELD = re.compile(r"^(Package|Version|SHA256|Filename): (\S+)$", re.MULTILINE)
_INSTALL = re.compile(r"^Inst (?P<name>\S+) \((?P<version>\S+) ")


class AptError(BallastError):
    """apt could not resolve or fetch what the lock asks for."""


@dataclass(frozen=True)
class Available:
    """A package version as the signed index describes it."""

    name: str
    version: str
    sha256: str
    file: str


@dataclass(frozen=True)
class Apt:
    """apt-get and apt-cache over a state folder of ours; `release` is Debian's code name."""

    root: Path
    release: str
    machine: Path = MACHINE_SOURCES

    def prepare(self) -> None:
        """Write sources and configuration. Raises AptError when no signed source is known."""
        for folder in ("lists/partial", "cache/archives/partial", "downloads"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "status").touch()
        stanzas = debian_stanzas(source_files(self.machine), self.release)
        if not stanzas:
            raise AptError(
                f"{self.machine} names no {self.release} source of the Debian archive",
                f"run on Debian with a {self.release} entry in /etc/apt/sources.list.d",
            )
        (self.root / "debian.sources").write_text("\n".join(stanzas), encoding="utf-8")
        (self.root / "apt.conf").write_text(self._configuration(), encoding="utf-8")

    def update(self) -> None:
        """Fetch the signed indexes. Raises AptError with apt's own words."""
        self.prepare()
        self._run("apt-get", "update", "-qq", "-o", "APT::Update::Error-Mode=any")

    def closure(self, packages: Iterable[str]) -> tuple[str, ...]:
        """Names of the packages and all they depend on, sorted. Needs `update` first."""
        told = self._run(
            "apt-get", "install", "--simulate", "--yes", "--no-install-recommends", *packages
        )
        found = [_INSTALL.match(line) for line in told.splitlines()]
        return tuple(sorted({hit["name"] for hit in found if hit}))

    def available(self, names: Iterable[str]) -> dict[str, list[Available]]:
        """All versions of each package, best candidate first. Needs `update` first."""
        told = self._run("apt-cache", "show", "--all-versions", *names)
        found: dict[str, list[Available]] = {}
        for stanza in told.split("\n\n"):
            fields = dict(_FIELD.findall(stanza))
            if "Package" in fields:
                one = Available(
                    fields["Package"], fields["Version"], fields["SHA256"], fields["Filename"]
                )
                found.setdefault(one.name, []).append(one)
        return found

    def fetch(self, wanted: Iterable[Available]) -> dict[str, Path]:
        """Download packages; apt checks each against the signed index. Name to .deb."""
        folder = self.root / "downloads"
        chosen = list(wanted)
        self._run("apt-get", "download", "-qq", *(f"{p.name}={p.version}" for p in chosen))
        paths: dict[str, Path] = {}
        for one in chosen:
            version = one.version.replace(":", "%3a")
            hits = list(folder.glob(f"{one.name}_{version}_*.deb"))
            if len(hits) != 1:
                raise AptError(
                    f"apt-get download left no file of {one.name} {one.version}", "build again"
                )
            paths[one.name] = hits[0]
        return paths

    def _run(self, program: str, *arguments: str) -> str:
        command = [program, "-c", str(self.root / "apt.conf"), *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=self.root / "downloads",
                env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError as missing:
            raise AptError(f"{program} is not here", "run on Debian 12") from missing
        if done.returncode != 0:
            words = [x for x in done.stderr.splitlines() if x.startswith(("E:", "W:"))]
            reason = "; ".join(words[:3]) or done.stderr.strip()[-300:]
            raise AptError(
                f"{program} {arguments[0]} failed: {reason}",
                "check that `apt-get update` works on this machine, then build again",
            )
        return done.stdout

    def _configuration(self) -> str:
        lines = [f"#clear {hook};" for hook in HOOKS]
        lines += [
            f'Dir::State "{self.root}";',
            f'Dir::State::status "{self.root}/status";',
            f'Dir::State::lists "{self.root}/lists";',
            f'Dir::Cache "{self.root}/cache";',
            f'Dir::Cache::pkgcache "{self.root}/cache/pkgcache.bin";',
            f'Dir::Etc::sourcelist "{self.root}/debian.sources";',
            'Dir::Etc::sourceparts "-";',
            'Dir::Etc::preferences "-";',
            'Dir::Etc::preferencesparts "-";',
            'APT::Architecture "amd64";',
            "#clear APT::Architectures;",
            'APT::Architectures { "amd64"; };',
            'APT::Install-Recommends "false";',
            'APT::Sandbox::User "root";',
            'Acquire::Languages "none";',
            'Acquire::Retries "3";',
        ]
        return "\n".join(lines) + "\n"
