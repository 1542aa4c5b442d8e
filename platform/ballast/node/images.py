"""Images from archives into the node's runtime, under their tag and their digest."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess
from typing import Final, Protocol

from ballast.node.errors import NodeError

PARALLEL: Final = 2
Run = Callable[[Sequence[str]], CompletedProcess[str]]


class ImageArchive(Protocol):
    """An image to import: `archive` is an OCI tar, `reference` repository:tag, `digest` sha256:…"""

    @property
    def archive(self) -> Path: ...
    @property
    def reference(self) -> str: ...
    @property
    def repository(self) -> str: ...
    @property
    def digest(self) -> str: ...


def import_archives(archives: Iterable[ImageArchive], ctr: Run) -> list[str]:
    """Import what is not there yet; returns the references imported. NodeError names the image.

    `ctr` runs the runtime's client with the given arguments.
    """
    present = _present(ctr)
    missing = [each for each in archives if not _complete(each, present)]

    def load(image: ImageArchive) -> str:
        return _import(image, present, ctr)

    with ThreadPoolExecutor(PARALLEL) as pool:
        # The list keeps the first failure from being lost in a lazy iterator.
        return list(pool.map(load, missing))


def names(image: ImageArchive) -> tuple[str, str]:
    """The two names a manifest may use."""
    return image.reference, f"{image.repository}@{image.digest}"


def _present(ctr: Run) -> dict[str, str]:
    """Digest of each name the runtime knows."""
    listing = _checked(ctr, ["images", "ls"], "list its images")
    rows = [line.split() for line in listing.splitlines()[1:]]
    return {row[0]: row[2] for row in rows if len(row) > 2}


def _complete(image: ImageArchive, present: dict[str, str]) -> bool:
    return all(present.get(name) == image.digest for name in names(image))


def _import(image: ImageArchive, present: dict[str, str], ctr: Run) -> str:
    tag, pinned = names(image)
    what = f"import {image.reference}"
    if present.get(pinned) != image.digest:
        _checked(
            ctr,
            ["images", "import", "--digests", "--base-name", image.repository, str(image.archive)],
            what,
        )
        if _present(ctr).get(pinned) != image.digest:
            raise NodeError(
                f"{image.archive} does not hold {pinned}",
                fix="ballast supply build makes the archive anew",
            )
    _checked(ctr, ["images", "tag", "--force", pinned, tag], what)
    return image.reference


def _checked(ctr: Run, arguments: Sequence[str], what: str) -> str:
    done = ctr(arguments)
    if done.returncode != 0:
        raise NodeError(
            f"the node could not {what}: {done.stderr.strip()}", fix="ballast node logs containerd"
        )
    return done.stdout
