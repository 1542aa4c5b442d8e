"""Images of the checkout with one more setting, as another release of a service."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from ballast import release
from ballast.names import IMAGE_REGISTRY
from ballast.node import addresses
from ballast.node import lifecycle as node
from ballast.supply.images import BuiltImage, ImageSupply
from ballast.supply.lock import load_lock
from ballast.supply.progress import Silent

Alter = Callable[[str, dict[str, str]], release.Image]


def altered(service: str, setting: dict[str, str]) -> BuiltImage:
    """The image of a service with a setting that the charts do not set."""
    lock = load_lock()
    repository = f"{IMAGE_REGISTRY}/todo-{service}"
    [sound] = [image for image in lock.image if image.repository == repository]
    changed = {
        "name": f"{sound.name}-altered",
        "reference": f"{repository}:altered",
        "env": sound.env | setting,
    }
    other = sound.model_copy(update=changed)
    supply = ImageSupply(lock.model_copy(update={"image": (*lock.image, other)}), Silent())
    return supply.ensure([other.name])[other.name]


@contextmanager
def on_the_node() -> Generator[Alter]:
    """Builds altered images and imports them; in the end the node has none of them."""
    imported: list[str] = []

    def alter(service: str, setting: dict[str, str]) -> release.Image:
        built = altered(service, setting)
        node.import_images([built])
        imported.extend((built.reference, f"{built.repository}@{built.digest}"))
        return release.Image(repository=built.repository, digest=built.digest)

    try:
        yield alter
    finally:
        if imported:
            ctr = ["ctr", f"--address={addresses.CONTAINERD_SOCKET}", "--namespace=k8s.io"]
            node.enter([*ctr, "images", "rm", *imported])
