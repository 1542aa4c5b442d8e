"""The images built from this checkout, written where Argo CD reads them."""

from collections.abc import Mapping
from typing import Final, Protocol

from ballast import names, release
from ballast.errors import BallastError
from ballast.gitserver import GitServer

ENVIRONMENTS: Final = ("dev", "staging")


class BuiltImage(Protocol):
    """What the supply says of an image: where it lives and its manifest digest."""

    @property
    def repository(self) -> str: ...
    @property
    def digest(self) -> str: ...


def service_images(built: Mapping[str, BuiltImage]) -> dict[str, release.Image]:
    """The image of each service among those built; BallastError names one that is missing."""
    by_repository = {image.repository: image for image in built.values()}
    found: dict[str, release.Image] = {}
    for service in names.SERVICES:
        repository = f"{names.IMAGE_REGISTRY}/todo-{service}"
        image = by_repository.get(repository)
        if image is None:
            raise BallastError(f"image {repository} is not in supply.lock")
        found[service] = release.Image(repository=repository, digest=image.digest)
    return found


def first_release(images: Mapping[str, release.Image], revision: str) -> dict[str, str]:
    """The text of each environment's first release, by path: the baseline of a new platform."""
    made = release.Release(revision=revision, images=dict(images))
    return {release.path_of(name): release.render(name, made) for name in ENVIRONMENTS}


def release_to_dev(server: GitServer, images: Mapping[str, release.Image], revision: str) -> bool:
    """Commit the built digests to dev when they differ; dev alone follows the checkout."""
    path = release.path_of("dev")
    running = release.parse(server.read_file(path))
    if dict(running.images) == dict(images):
        return False
    made = release.Release(revision=revision, images=dict(images))
    server.commit_files(f"dev: release {revision}", {path: release.render("dev", made)})
    return True
