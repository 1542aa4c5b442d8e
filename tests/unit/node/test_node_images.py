from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ballast.node.errors import NodeError
from ballast.node.images import import_archives


@dataclass(frozen=True)
class Archive:
    repository: str
    digest: str
    archive: Path = Path("a.tar")

    @property
    def reference(self) -> str:
        return f"{self.repository}:1"


@dataclass
class Store:
    """The runtime's image store as its client shows it; `holds` is what the archive contains."""

    holds: str
    names: dict[str, str] = field(default_factory=dict)
    imports: int = 0

    def __call__(self, argv):
        if argv[1] == "ls":
            rows = [
                f"{name} type {digest} 1 MiB linux/amd64" for name, digest in self.names.items()
            ]
            return CompletedProcess(argv, 0, "\n".join(["REF TYPE DIGEST", *rows]), "")
        if argv[1] == "import":
            self.imports += 1
            repository = argv[argv.index("--base-name") + 1]
            self.names[f"{repository}@{self.holds}"] = self.holds
            return CompletedProcess(argv, 0, "", "")
        source, target = argv[-2:]
        if source not in self.names:
            return CompletedProcess(argv, 1, "", f"{source}: not found")
        self.names[target] = self.names[source]
        return CompletedProcess(argv, 0, "", "")


IMAGE = Archive("docker.io/library/demo", "sha256:aa")


def test_an_image_gets_its_tag_and_its_digest():
    store = Store("sha256:aa")
    assert import_archives([IMAGE], store) == ["docker.io/library/demo:1"]
    assert store.names == {
        "docker.io/library/demo@sha256:aa": "sha256:aa",
        "docker.io/library/demo:1": "sha256:aa",
    }


def test_what_is_there_is_not_imported_again():
    store = Store("sha256:aa")
    import_archives([IMAGE], store)
    assert import_archives([IMAGE], store) == []
    assert store.imports == 1


def test_a_tag_moves_to_a_new_digest_and_the_old_digest_stays():
    store = Store("sha256:aa")
    import_archives([IMAGE], store)
    store.holds = "sha256:bb"
    import_archives([Archive(IMAGE.repository, "sha256:bb")], store)
    assert store.names["docker.io/library/demo:1"] == "sha256:bb"
    assert "docker.io/library/demo@sha256:aa" in store.names


def test_a_tag_moves_back_without_an_import():
    store = Store("sha256:aa")
    import_archives([IMAGE], store)
    store.names["docker.io/library/demo:1"] = "sha256:bb"
    assert import_archives([IMAGE], store) == ["docker.io/library/demo:1"]
    assert (store.names["docker.io/library/demo:1"], store.imports) == ("sha256:aa", 1)


def test_an_archive_of_another_image_is_refused():
    with pytest.raises(NodeError, match=r"does not hold docker\.io/library/demo@sha256:aa"):
        import_archives([IMAGE], Store("sha256:cc"))


def test_a_failing_runtime_says_why():
    def broken(argv):
        return CompletedProcess(argv, 1, "", "no space left on device")

    with pytest.raises(NodeError, match="no space left on device"):
        import_archives([IMAGE], broken)
