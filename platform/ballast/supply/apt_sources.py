"""Picks, from a machine's apt sources, those that the Debian archive signs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<rest>\S.*)$")


@dataclass(frozen=True)
class Source:
    """One archive: addresses, suites and components as apt writes them, and its keyring."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str

    def of_debian(self, release: str) -> "Source | None":
        """The part that is `release` of the Debian archive, or None.

        A source bound to another keyring is someone else's archive; one bound to none counts when
        its suite has Debian's name, and is then checked against Debian's keyring all the same.
        """
        if self.signed_by and "/debian-archive-" not in self.signed_by:
            return None
        ours = {release, f"{release}-updates", f"{release}-security", f"{release}/updates"}
        suites = tuple(suite for suite in self.suites if suite in ours)
        return Source(self.uris, suites, ("main",), KEYRING) if suites else None

    def stanza(self) -> str:
        """The source in apt's deb822 form."""
        return (
            f"Types: deb\nURIs: {' '.join(self.uris)}\nSuites: {' '.join(self.suites)}\n"
            f"Components: {' '.join(self.components)}\nSigned-By: {self.signed_by}\n"
        )


def source_files(folder: Path) -> list[Path]:
    """The files of `folder` (usually /etc/apt) that declare sources."""
    parts = folder / "sources.list.d"
    files = [*parts.glob("*.list"), *parts.glob("*.sources")]
    return [path for path in (folder / "sources.list", *sorted(files)) if path.is_file()]


def debian_stanzas(files: Iterable[Path], release: str) -> list[str]:
    """deb822 stanzas of the Debian archive for `release`, each once."""
    found: list[str] = []
    for path in files:
        text = path.read_text(encoding="utf-8")
        parsed = _deb822(text) if path.suffix == ".sources" else _one_line(text)
        for source in parsed:
            chosen = source.of_debian(release)
            if chosen and chosen.stanza() not in found:
                found.append(chosen.stanza())
    return found


def _deb822(text: str) -> Iterable[Source]:
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        pairs = (line.split(":", 1) for line in lines if ":" in line and line[0] not in " \t")
        fields = {key.strip().lower(): value.split() for key, value in pairs}
        if "deb" in fields.get("types", []) and fields.get("enabled", ["yes"])[0] != "no":
            yield Source(
                tuple(fields.get("uris", [])),
                tuple(fields.get("suites", [])),
                tuple(fields.get("components", [])),
                " ".join(fields.get("signed-by", [])),
            )


def _one_line(text: str) -> Iterable[Source]:
    for line in text.splitlines():
        hit = _ONE_LINE.match(line.strip())
        if not hit:
            continue
        words = hit["rest"].split("#")[0].split()
        options = dict(o.split("=", 1) for o in (hit["options"] or "").split() if "=" in o)
        if len(words) >= 2:
            yield Source((words[0],), (words[1],), tuple(words[2:]), options.get("signed-by", ""))
