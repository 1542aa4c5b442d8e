"""Writes what is in an image as CycloneDX 1.6: Go modules, Debian packages, wheels and jars."""

import os
import subprocess
import tarfile
import uuid
from collections.abc import Iterable
from email.parser import HeaderParser
from pathlib import Path
from typing import IO, cast
from urllib.parse import quote

from ballast.errors import BallastError
from ballast.supply.debian import Deb
from ballast.supply.image_plan import ImagePlan
from ballast.supply.layer import Layer
from ballast.supply.maven import Jar
from ballast.supply.oci import Image, canonical_json
from ballast.supply.toolchain import ensure_go

Component = dict[str, object]
_NAMESPACE = uuid.UUID("6f4d8b52-6f0a-5a3e-9d0b-0f3a7f0c2b11")


class SbomError(BallastError):
    """The contents of an image could not be told."""


def write_sbom(path: Path, plan: ImagePlan, image: Image) -> None:
    """Write the bill of materials beside the image; equal images give equal files."""
    found: dict[str, Component] = {}
    for component in (
        *(_deb(deb) for deb in plan.debs),
        *(_jar(jar) for jar in plan.jars),
        *(c for name, binary in sorted(plan.binaries.items()) for c in _go(name, binary)),
        *(c for layer in image.layers if plan.spec.wheels for c in _python(layer)),
    ):
        found[str(component["bom-ref"])] = component
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, image.manifest.digest)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "container",
                "bom-ref": "image",
                "name": plan.spec.repository,
                "version": image.manifest.digest,
                "description": plan.spec.description or plan.spec.title,
            }
        },
        "components": [found[ref] for ref in sorted(found)],
    }
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(canonical_json(document))
    draft.replace(path)


def go_components(name: str, listing: str, sha256: str) -> list[Component]:
    """Components out of the text of `go version -m`; the program itself comes first."""
    main: Component = {}
    modules: list[Component] = []
    for line in listing.splitlines():
        fields = line.split("\t")[1:]
        if len(fields) >= 3 and fields[0] in ("dep", "=>"):
            module = _module(fields[1], fields[2])
            if fields[0] == "=>" and modules:
                modules.pop()
            modules.append(module)
        elif len(fields) >= 2 and fields[0] == "path":
            main = {
                "type": "application",
                "bom-ref": f"binary:{name}",
                "name": name,
                "description": fields[1],
                "hashes": [{"alg": "SHA-256", "content": sha256}],
            }
    if not main:
        raise SbomError(
            f"{name} carries no list of its Go modules", "build it with module support, -trimpath"
        )
    return [main, *modules]


def _go(name: str, binary: Path) -> list[Component]:
    done = subprocess.run(
        [str(ensure_go() / "bin" / "go"), "version", "-m", str(binary)],
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SbomError(f"go version -m {name}: {done.stderr.strip()}", "build the binary again")
    return go_components(name, done.stdout, binary.parent.name)


def _module(path: str, version: str) -> Component:
    purl = f"pkg:golang/{quote(path, safe='/')}@{quote(version)}"
    return {"type": "library", "bom-ref": purl, "name": path, "version": version, "purl": purl}


def _deb(deb: Deb) -> Component:
    purl = f"pkg:deb/debian/{quote(deb.name)}@{quote(deb.version)}?arch=amd64&distro=bookworm"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": deb.name,
        "version": deb.version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": deb.sha256}],
    }


def _jar(jar: Jar) -> Component:
    one = jar.coordinate
    purl = f"pkg:maven/{quote(one.group)}/{quote(one.artifact)}@{quote(one.version)}"
    return {
        "type": "library",
        "bom-ref": purl,
        "group": one.group,
        "name": one.artifact,
        "version": one.version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": jar.sha256}],
    }


def _python(layer: Layer) -> Iterable[Component]:
    with tarfile.open(layer.path, "r:") as archive:
        for member in archive:
            if member.name.endswith(".dist-info/METADATA"):
                text = cast("IO[bytes]", archive.extractfile(member)).read()
                fields = HeaderParser().parsestr(text.decode("utf-8", "replace"))
                name, version = fields["Name"].lower().replace("_", "-"), fields["Version"]
                purl = f"pkg:pypi/{name}@{quote(version)}"
                yield {
                    "type": "library",
                    "bom-ref": purl,
                    "name": name,
                    "version": version,
                    "purl": purl,
                }
