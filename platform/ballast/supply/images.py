"""Makes images present: plans their layers, writes what is missing, keeps an archive of each."""

import difflib
import json
import os
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from ballast.errors import BallastError
from ballast.paths import cache_dir
from ballast.supply.exclusive import exclusive
from ballast.supply.image_layers import LayerPlan
from ballast.supply.image_plan import ImagePlan, Planner
from ballast.supply.image_spec import ImageSpec
from ballast.supply.layer import Layer, LayerStore
from ballast.supply.libraries import missing_libraries
from ballast.supply.lock import Lock, load_lock
from ballast.supply.oci import make_image, save_archive
from ballast.supply.progress import Progress, Silent
from ballast.supply.sbom import write_sbom


class ImageError(BallastError):
    """An image is not in the lock, or would not run."""


@dataclass(frozen=True)
class BuiltImage:
    """An image on this machine; `archive` is an OCI layout as a tar, for `ctr images import`.

    `digest` is the manifest's and `config_digest` the configuration's, both "sha256:...".
    """

    name: str
    reference: str
    repository: str
    tag: str
    digest: str
    config_digest: str
    archive: Path
    sbom: Path
    size: int


_BUILT = TypeAdapter(BuiltImage)


def platform_images(lock: Lock | None = None) -> list[str]:
    """Names of the images that the node and the platform run."""
    return [image.name for image in (lock or load_lock()).image if image.group != "app"]


def node_images(lock: Lock | None = None) -> list[str]:
    """Names of the images without which the node is not ready."""
    return [image.name for image in (lock or load_lock()).image if image.group == "node"]


def app_images(lock: Lock | None = None) -> list[str]:
    """Names of the images of our own services."""
    return [image.name for image in (lock or load_lock()).image if image.group == "app"]


def ensure_images(
    names: Iterable[str], *, progress: Progress | None = None, lock: Lock | None = None
) -> dict[str, BuiltImage]:
    """Build the named images from locked inputs, or find them built.

    Raises BallastError (LockError, AptError, MavenError, BinaryError, WheelError, ImageError);
    what was there before stays as it was.
    """
    return ImageSupply(lock or load_lock(), progress or Silent()).ensure(names)


def sbom(name: str) -> Path:
    """The CycloneDX file of a built image, building it when it is missing."""
    return ensure_images([name])[name].sbom


@dataclass
class ImageSupply:
    """Builds images of one lock into one cache folder."""

    lock: Lock
    progress: Progress = field(default_factory=Silent)
    root: Path = field(default_factory=cache_dir)

    def ensure(self, names: Iterable[str]) -> dict[str, BuiltImage]:
        """See ensure_images."""
        specs = [self._spec(name) for name in dict.fromkeys(names)]
        if not specs:
            return {}
        planner = Planner(self.lock, self.progress)
        planner.gather(specs)
        built: dict[str, BuiltImage] = {}
        for spec in specs:
            plan = planner.plan(spec)
            built[spec.name] = self._find(plan) or self._build(plan)
        return built

    def _spec(self, name: str) -> ImageSpec:
        known = {image.name: image for image in self.lock.image}
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            raise ImageError(
                f"supply.lock has no image {name!r}",
                f"did you mean {close[0]!r}?" if close else "known: " + ", ".join(known),
            )
        return known[name]

    def _folder(self, name: str) -> Path:
        return self.root / "images" / name

    def _find(self, plan: ImagePlan) -> BuiltImage | None:
        note = self._folder(plan.spec.name) / f"{plan.recipe[:32]}.json"
        try:
            noted = json.loads(note.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        found = _BUILT.validate_python(noted)
        if not found.sbom.is_file() or not found.archive.is_file():
            return None
        return found if found.archive.stat().st_size == found.size else None

    def _build(self, plan: ImagePlan) -> BuiltImage:
        start, outcome = time.monotonic(), "failed"
        task = f"image {plan.spec.name}"
        self.progress.begin(task, None)
        try:
            with exclusive(self.root / "images" / ".lock", self.progress.note):
                built = self._find(plan) or self._write(plan, task)
            outcome = "built"
        finally:
            self.progress.finish(task, outcome, time.monotonic() - start)
        return built

    def _write(self, plan: ImagePlan, task: str) -> BuiltImage:
        spec, folder = plan.spec, self._folder(plan.spec.name)
        store = LayerStore(self.root / "layers")
        layers: list[Layer] = []
        for one in plan.layers:
            self.progress.step(task, one.title)
            layers.append(store.find(one.recipe) or self._layer(store, one))
        refuse_broken(spec, [layer.path for layer in layers])
        image = make_image(layers, plan.run, plan.labels)
        digest = image.manifest.digest
        self.progress.step(task, "archive")
        archive = folder / f"{digest.removeprefix('sha256:')}.tar"
        save_archive(archive, {spec.reference: image})
        bill = folder / f"{digest.removeprefix('sha256:')}.cdx.json"
        write_sbom(bill, plan, image)
        built = BuiltImage(
            name=spec.name,
            reference=spec.reference,
            repository=spec.repository,
            tag=spec.tag,
            digest=digest,
            config_digest=image.config.digest,
            archive=archive,
            sbom=bill,
            size=archive.stat().st_size,
        )
        _note(folder / f"{plan.recipe[:32]}.json", built)
        for old in folder.iterdir():
            if not old.name.startswith((digest.removeprefix("sha256:"), plan.recipe[:32])):
                old.unlink()
        return built

    def _layer(self, store: LayerStore, plan: LayerPlan) -> Layer:
        store.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=store.root, prefix=".scratch-") as scratch:
            return store.write(plan.recipe, plan.make(Path(scratch)))


def refuse_broken(spec: ImageSpec, layers: Iterable[Path]) -> None:
    """Raise ImageError when a program of the image asks for a library that is not in it."""
    broken = missing_libraries(layers) if spec.debian or spec.java or spec.wheels else {}
    if broken:
        some = [f"{path} needs {', '.join(names)}" for path, names in list(broken.items())[:5]]
        raise ImageError(
            f"image {spec.name}: {len(broken)} files ask for absent libraries: {'; '.join(some)}",
            "leave the files out (`without`) or let their package in (`never`, `omit`)",
        )


def _note(path: Path, built: BuiltImage) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(asdict(built), default=str), encoding="utf-8")
    draft.replace(path)
