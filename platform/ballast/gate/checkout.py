"""The working tree as a place to read evidence from, so that records verify offline on a clone."""

from pathlib import Path

from ballast.paths import repository_root


class Checkout:
    """Files of a checkout with the reading verbs of the Git server."""

    def __init__(self, root: Path | None = None) -> None:
        """`root` defaults to the checkout that this package runs from."""
        self.root = root or repository_root()

    def read_file(self, path: str) -> str:
        """Text of a file."""
        return (self.root / path).read_text()

    def list_files(self, folder: str) -> list[str]:
        """Paths of the files under a folder; none when it does not exist."""
        found = (self.root / folder).rglob("*")
        return sorted(str(path.relative_to(self.root)) for path in found if path.is_file())

    def read_folder(self, folder: str) -> dict[str, str]:
        """Text of every file under a folder, by path."""
        return {path: self.read_file(path) for path in self.list_files(folder)}
