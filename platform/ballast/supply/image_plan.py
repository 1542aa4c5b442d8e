"""Gathers the inputs of images and plans each image from them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ballast.supply.build import ensure_binaries
from ballast.supply.debian import Deb, DebianStore
from ballast.supply.image_layers import (
    LayerPlan,
    binary_plan,
    debian_plan,
    jars_plan,
    java_plan,
    recipe_of,
    rest_plan,
    wheels_plan,
)
from ballast.supply.image_spec import DebianSet, ImageSpec
from ballast.supply.lock import Lock, LockError
from ballast.supply.maven import Jar, ensure_jars
from ballast.supply.module_files import ensure_module_file
from ballast.supply.oci import RunSettings
from ballast.supply.progress import Progress
from ballast.supply.toolchain import ensure_jdk
from ballast.supply.wheels import requirements


@dataclass(frozen=True)
class ImagePlan:
    """All that an image is made of; `recipe` digests it."""

    spec: ImageSpec
    layers: tuple[LayerPlan, ...]
    run: RunSettings
    labels: dict[str, str]
    recipe: str
    debs: tuple[Deb, ...]
    jars: tuple[Jar, ...]
    binaries: dict[str, Path]


@dataclass
class Planner:
    """Inputs of several images, fetched together."""

    lock: Lock
    progress: Progress
    _debs: dict[str, Deb] = field(default_factory=dict[str, Deb])
    _jars: dict[str, list[Jar]] = field(default_factory=dict[str, list[Jar]])
    _binaries: dict[str, Path] = field(default_factory=dict[str, Path])

    def gather(self, specs: Iterable[ImageSpec]) -> None:
        """Make every input of these images present. Raises what the sources raise."""
        chosen = list(specs)
        sets = {name for spec in chosen for name in spec.debian}
        if sets:
            debian = self.lock.debian
            if debian is None:
                raise LockError("supply.lock has no [debian]", "git checkout supply.lock")
            packages = {package for name in sets for package in self._closure(name)}
            self._debs = DebianStore(debian).ensure(packages, self.progress.note)
        for name in sorted({name for spec in chosen for name in spec.jars.values()}):
            closure = self.lock.maven.closure.get(name) if self.lock.maven else None
            if not closure:
                raise LockError(f"Maven set {name!r} is not locked", "ballast supply relock")
            self._jars[name] = ensure_jars(closure, self.progress.note)
        programs = {name for spec in chosen for name in spec.binaries.values()}
        if programs:
            self._binaries = ensure_binaries(programs, progress=self.progress, lock=self.lock)

    def plan(self, spec: ImageSpec) -> ImagePlan:
        """The image's layers in order, bottom first."""
        debs: list[Deb] = []
        layers: list[LayerPlan] = []
        for name in spec.debian:
            mine = [self._debs[package] for package in self._closure(name)]
            debs += mine
            layers.append(debian_plan(name, self._set(name), mine))
        if spec.java:
            version = self.lock.toolchain["jdk"].version
            layers.append(java_plan(ensure_jdk(progress=self.progress), version))
        for path, name in spec.jars.items():
            unpack = self.lock.maven is not None and self.lock.maven.set[name].unpack
            layers.append(jars_plan(path, self._jars[name], unpack=unpack))
        if spec.wheels:
            layers.append(wheels_plan(spec.wheels, requirements()))
        merged = bool(spec.debian)
        for path, name in spec.binaries.items():
            binary = self._binaries[name]
            layers.append(binary_plan(path, binary, binary.parent.name, merged=merged))
        found = {f.path: ensure_module_file(f, self.lock, self.progress) for f in spec.module_files}
        layers.append(rest_plan(spec, found))
        run, labels = _run_settings(spec), _labels(spec)
        recipe = recipe_of(*(layer.recipe for layer in layers), repr(run), json.dumps(labels))
        return ImagePlan(
            spec=spec,
            layers=tuple(layers),
            run=run,
            labels=labels,
            recipe=recipe,
            debs=tuple(debs),
            jars=tuple(jar for name in spec.jars.values() for jar in self._jars[name]),
            binaries={name: self._binaries[name] for name in spec.binaries.values()},
        )

    def _set(self, name: str) -> DebianSet:
        chosen = self.lock.debian.set.get(name) if self.lock.debian else None
        if chosen is None:
            raise LockError(f"supply.lock has no Debian set {name!r}", "git diff supply.lock")
        return chosen

    def _closure(self, name: str) -> tuple[str, ...]:
        debian = self.lock.debian
        closure = debian.closure.get(name) if debian else None
        if closure is None:
            raise LockError(f"Debian set {name!r} is not locked", "ballast supply relock")
        return closure


def _run_settings(spec: ImageSpec) -> RunSettings:
    return RunSettings(
        user=spec.user,
        workdir=spec.workdir,
        env=tuple(sorted(spec.env.items())),
        entrypoint=spec.entrypoint,
        command=spec.command,
    )


def _labels(spec: ImageSpec) -> dict[str, str]:
    labels = {
        "org.opencontainers.image.title": spec.title,
        "org.opencontainers.image.version": spec.tag,
    }
    if spec.description:
        labels["org.opencontainers.image.description"] = spec.description
    return labels
