"""Makes OCI image configurations, manifests and archives: canonical, so equal inputs agree."""

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ballast.supply.layer import BLOCK, Layer, tar_bytes

EPOCH = "1970-01-01T00:00:00Z"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class Blob:
    """Bytes with their digest ("sha256:...")."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"

    def descriptor(self) -> dict[str, object]:
        """How other blobs refer to this one."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data)}


@dataclass(frozen=True)
class Image:
    """A manifest, its configuration and the layers both speak of, bottom first."""

    config: Blob
    manifest: Blob
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class RunSettings:
    """What a container does when told nothing else; `user` is "uid:gid"."""

    user: str
    workdir: str = "/"
    env: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def make_image(layers: Iterable[Layer], run: RunSettings, labels: Mapping[str, str]) -> Image:
    """Configuration and manifest over the layers, for linux/amd64."""
    stack = tuple(layers)
    settings: dict[str, object] = {
        "Env": [f"{key}={value}" for key, value in {"PATH": PATH, **dict(run.env)}.items()],
        "User": run.user,
        "WorkingDir": run.workdir,
        "Labels": dict(labels),
    }
    if run.entrypoint:
        settings["Entrypoint"] = list(run.entrypoint)
    if run.command:
        settings["Cmd"] = list(run.command)
    config = Blob(
        CONFIG_TYPE,
        canonical_json(
            {
                "architecture": "amd64",
                "os": "linux",
                "created": EPOCH,
                "config": settings,
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{x.digest}" for x in stack]},
            }
        ),
    )
    manifest = Blob(
        MANIFEST_TYPE,
        canonical_json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": config.descriptor(),
                "layers": [
                    {"mediaType": LAYER_TYPE, "digest": f"sha256:{x.digest}", "size": x.size}
                    for x in stack
                ],
                "annotations": dict(labels),
            }
        ),
    )
    return Image(config, manifest, stack)


def write_archive(stream: BinaryIO, images: Mapping[str, Image]) -> None:
    """An OCI layout as a tar holding the images by reference, each blob once.

    `ctr images import` reads it from a file or from a pipe.
    """
    entries = [
        {
            **image.manifest.descriptor(),
            "platform": {"architecture": "amd64", "os": "linux"},
            "annotations": {
                "io.containerd.image.name": reference,
                "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
            },
        }
        for reference, image in sorted(images.items())
    ]
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": entries}
    stream.write(tar_bytes("oci-layout", canonical_json({"imageLayoutVersion": "1.0.0"})))
    stream.write(tar_bytes("index.json", canonical_json(index)))
    small = {b.digest: b for image in images.values() for b in (image.config, image.manifest)}
    for digest in sorted(small):
        stream.write(tar_bytes(_blob_path(digest), small[digest].data))
    layers = {layer.digest: layer for image in images.values() for layer in image.layers}
    for digest in sorted(layers):
        _copy_layer(stream, layers[digest])
    stream.write(b"\0" * (2 * BLOCK))


def save_archive(path: Path, images: Mapping[str, Image]) -> None:
    """Write the archive to `path`, which appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as stream:
            write_archive(stream, images)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _copy_layer(stream: BinaryIO, layer: Layer) -> None:
    info = tarfile.TarInfo(_blob_path(f"sha256:{layer.digest}"))
    info.size = layer.size
    stream.write(info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict"))
    with layer.path.open("rb") as source:
        shutil.copyfileobj(source, stream, 1 << 20)
    stream.write(b"\0" * (-layer.size % BLOCK))


def _blob_path(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")
