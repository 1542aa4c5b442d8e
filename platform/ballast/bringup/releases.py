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


def bring_up_to_date(
    server: GitServer, images: Mapping[str, release.Image], revision: str
) -> frozenset[str]:
    """Commit the built digests to dev, which alone follows the checkout, when they differ.

    Returns the environments whose release has changed.

    A service that an environment never had starts there with the built image, and one that is gone
    is forgotten; everything else of the environments above dev is moved by promotions alone.
    """
    changed: set[str] = set()
    for environment in ENVIRONMENTS:
        path = release.path_of(environment)
        held = release.parse_held(server.read_file(path))
        kept = {} if environment == "dev" else held.images
        wanted = {service: kept.get(service, images[service]) for service in names.SERVICES}
        if wanted == dict(held.images):
            continue
        label = revision if environment == "dev" else held.revision
        made = release.Release(revision=label, images=wanted)
        message = f"{environment}: release {label}"
        server.commit_files(message, {path: release.render(environment, made)})
        changed.add(environment)
    return frozenset(changed)
