"""Unpacks a built image and runs its programs in it, as the image's own user."""

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from ballast.supply.images import BuiltImage


def _json(archive: tarfile.TarFile, name: str) -> Any:
    stream = archive.extractfile(name)
    assert stream is not None
    return json.load(stream)


def unpack_image(image: BuiltImage, root: Path) -> "ImageRoot":
    """The image's file system under `root`, from nothing but its archive."""
    with tarfile.open(image.archive) as archive:
        (entry,) = _json(archive, "index.json")["manifests"]
        manifest = _json(archive, "blobs/" + entry["digest"].replace(":", "/"))
        config = _json(archive, "blobs/" + manifest["config"]["digest"].replace(":", "/"))
        for layer in manifest["layers"]:
            stream = archive.extractfile("blobs/" + layer["digest"].replace(":", "/"))
            with tarfile.open(fileobj=stream) as opened:
                for member in opened:
                    member.uid = member.gid = 0
                    opened.extract(member, root, filter="fully_trusted")
    (root / "dev" / "shm").mkdir(parents=True)
    (root / "dev" / "null").touch()
    return ImageRoot(root, config["config"])


class ImageRoot:
    """A file system with the run settings of its image."""

    def __init__(self, root: Path, settings: dict[str, Any]) -> None:
        self.root = root
        self.environment = dict(pair.split("=", 1) for pair in settings["Env"])
        self.entrypoint: list[str] = settings.get("Entrypoint", [])
        self.uid, self.gid = settings["User"].split(":")

    def command(self, *words: str) -> list[str]:
        """A command line that runs `words` inside, in a user namespace as the image's user."""
        user = [f"--map-user={self.uid}", f"--map-group={self.gid}"]
        return ["unshare", "--user", *user, f"--root={self.root}", "--wd=/", *words]

    def run(self, *words: str, **environment: str) -> str:
        """Run to the end and give the output. Raises CalledProcessError."""
        return subprocess.run(
            self.command(*words),
            env=self.environment | environment,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        ).stdout

    def start(self, log: Path, *words: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start the entry point with `words`; output goes to `log`."""
        return subprocess.Popen(
            self.command(*self.entrypoint, *words),
            env=self.environment | environment,
            stdout=log.open("ab"),
            stderr=subprocess.STDOUT,
        )
