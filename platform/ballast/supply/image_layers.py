"""Turns the parts of an image's specification into layers, each with a recipe to recognise it."""

import hashlib
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ballast.errors import BallastError
from ballast.paths import repository_root
from ballast.supply.accounts import account_entries, system_entries
from ballast.supply.bytecode import with_bytecode
from ballast.supply.debian import Deb
from ballast.supply.debian_tree import NEVER_NEEDED, tree
from ballast.supply.entry import (
    CHUNK,
    Bytes,
    Entry,
    FileContent,
    Kind,
    directory,
    file,
    symlink,
)
from ballast.supply.folder import COMPILED, folder_digest, folder_entries
from ballast.supply.image_spec import DebianSet, ImageSpec
from ballast.supply.maven import Jar
from ballast.supply.usrmerge import canonical
from ballast.supply.wheels import install

CONTENT = Path(__file__).parent / "content"
JAVA_HOME = "opt/java"
# Part of every recipe; raise it when the same inputs shall give other bytes.
FORMAT = "2"
JAVA_LEFT_OUT = (
    "include", "libawt_xawt.so", "libsplashscreen.so", "libjsound.so", "libjawt.so",
)  # fmt: skip


class JavaError(BallastError):
    """The Java runtime that goes into images does not work here."""


@dataclass(frozen=True)
class LayerPlan:
    """A layer to be: `recipe` digests all it is made of, `make` needs an empty scratch folder."""

    title: str
    recipe: str
    make: Callable[[Path], Iterable[Entry]]


def recipe_of(*parts: str) -> str:
    """Hex digest of the parts, order and boundaries included."""
    digest = hashlib.sha256()
    for part in (FORMAT, *parts):
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


def debian_plan(name: str, chosen: DebianSet, debs: list[Deb]) -> LayerPlan:
    """Contents of a Debian set; Python in it is compiled."""

    def make(scratch: Path) -> Iterable[Entry]:
        entries = tree(debs, chosen, scratch / "spool")
        if chosen.bundle:
            return [_bundle(entries, chosen.bundle)]
        for library in sorted({e.path.split("/")[2] for e in entries if _is_python(e)}):
            inside = [e for e in entries if e.path.startswith(f"usr/lib/{library}/")]
            outside = [e for e in entries if not e.path.startswith(f"usr/lib/{library}/")]
            entries = [*outside, *with_bytecode(inside, f"usr/lib/{library}", scratch / library)]
        return entries

    digests = [deb.sha256 for deb in debs]
    return LayerPlan(
        name, recipe_of("debian", chosen.model_dump_json(), *NEVER_NEEDED, *digests), make
    )


def java_plan(home: Path, version: str) -> LayerPlan:
    """The Java runtime at /opt/java."""

    def make(scratch: Path) -> Iterable[Entry]:
        classes = file(
            f"{JAVA_HOME}/lib/server/classes.jsa", FileContent.whole(class_archive(home, scratch))
        )
        link = symlink("usr/bin/java", f"/{JAVA_HOME}/bin/java")
        return [*folder_entries(home, JAVA_HOME, JAVA_LEFT_OUT), classes, link]

    return LayerPlan("java", recipe_of("java", version), make)


def class_archive(home: Path, scratch: Path) -> Path:
    """The runtime's own classes, parsed beforehand: a third off every start. Same bytes each time.

    Raises JavaError when the runtime cannot write it.
    """
    archive = scratch / "classes.jsa"
    dump = ["-XX:+UseG1GC", "-XX:ParallelGCThreads=1", "-Xmx128m", "-Xshare:dump"]
    done = subprocess.run(
        [str(home / "bin" / "java"), *dump, f"-XX:SharedArchiveFile={archive}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 or not archive.is_file():
        raise JavaError(
            f"the Java runtime wrote no class archive: {(done.stdout + done.stderr)[-300:]}",
            f"delete {home} and build again",
        )
    return archive


def jars_plan(prefix: str, jars: list[Jar], *, unpack: bool) -> LayerPlan:
    """Java archives, or the files of one packed tree, under `prefix`."""

    def make(scratch: Path) -> Iterable[Entry]:
        if unpack:
            return [e for jar in jars for e in _untar(jar.path, prefix, scratch / "spool")]
        return [file(f"{prefix}/{j.coordinate.file}", FileContent.whole(j.path)) for j in jars]

    digests = [jar.sha256 for jar in jars]
    return LayerPlan("jars", recipe_of("jars", prefix, str(unpack), *digests), make)


def wheels_plan(prefix: str, requirements: str) -> LayerPlan:
    """Locked Python packages under `prefix`, compiled."""

    def make(scratch: Path) -> Iterable[Entry]:
        return with_bytecode(install(requirements, prefix, scratch), prefix, scratch / "compiled")

    return LayerPlan("wheels", recipe_of("wheels", prefix, requirements), make)


def binary_plan(path: str, binary: Path, digest: str, *, merged: bool) -> LayerPlan:
    """One executable at `path`."""
    where = canonical(path) if merged else path

    def make(_: Path) -> Iterable[Entry]:
        return [file(where, FileContent.whole(binary), 0o755)]

    return LayerPlan(binary.name, recipe_of("binary", where, digest), make)


def rest_plan(spec: ImageSpec, module_files: dict[str, Path]) -> LayerPlan:
    """All that is the image's own: files of ours, links, users and folders.

    `module_files` maps a path in the image to the file on this machine.
    """
    merged = bool(spec.debian)
    place = canonical if merged else str
    root = repository_root()
    sources = {path: root / folder for path, folder in spec.source.items()}

    def make(scratch: Path) -> Iterable[Entry]:
        entries: list[Entry] = [
            *account_entries(spec.users),
            *(system_entries() if merged else []),
            directory("tmp", 0o1777),
        ]
        for path, name in spec.content.items():
            entries.append(_script(place(path), CONTENT / name))
        for path, found in module_files.items():
            entries.append(_script(place(path), found))
        for index, (path, folder) in enumerate(sources.items()):
            taken = folder_entries(folder, place(path), COMPILED)
            entries += with_bytecode(taken, place(path), scratch / str(index))
        entries += [symlink(place(path), target) for path, target in spec.links.items()]
        for folder in spec.folders:
            uid, gid = (int(part) for part in folder.owner.split(":"))
            entries.append(directory(place(folder.path), int(folder.mode, 8), uid, gid))
        return entries

    contents = [f"{path}={_digest(CONTENT / name)}" for path, name in spec.content.items()]
    contents += [f"{path}={_digest(found)}" for path, found in module_files.items()]
    contents += [f"{path}={folder_digest(found, COMPILED)}" for path, found in sources.items()]
    return LayerPlan(spec.name, recipe_of("rest", spec.model_dump_json(), *contents), make)


def _is_python(entry: Entry) -> bool:
    return entry.path.startswith("usr/lib/python3.") and entry.path.endswith(".py")


def _bundle(entries: Iterable[Entry], path: str) -> Entry:
    pieces: list[bytes] = []
    for entry in entries:
        if entry.content is not None:
            with entry.content.open() as stream:
                pieces.append(stream.read(entry.content.size).rstrip() + b"\n")
    return file(path, Bytes(b"".join(pieces)))


def _script(path: str, source: Path) -> Entry:
    data = source.read_bytes()
    return file(path, Bytes(data), 0o755 if data.startswith(b"#!") else 0o644)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _untar(archive: Path, prefix: str, spool: Path) -> list[Entry]:
    entries: list[Entry] = []
    with tarfile.open(archive, "r|*") as packed, spool.open("wb") as store:
        for member in packed:
            source = packed.extractfile(member) if member.isreg() else None
            if source is None:
                continue
            path = f"{prefix.strip('/')}/{canonical('x/' + member.name)[2:]}"
            offset = store.tell()
            while piece := source.read(CHUNK):
                store.write(piece)
            content = FileContent(spool, store.tell() - offset, offset)
            entries.append(Entry(path, Kind.FILE, 0o644, content=content))
    return entries
