import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ballast.supply.entry import Bytes, Entry, FileContent, directory, file, symlink
from ballast.supply.layer import Layer, LayerStore, write_tar
from ballast.supply.oci import Image, RunSettings, make_image, save_archive, write_archive

ENTRIES = [
    file("usr/bin/b", Bytes(b"two"), 0o755),
    file("usr/bin/a", Bytes(b"one")),
    symlink("bin", "usr/bin"),
    directory("tmp", 0o1777, 5, 6),
    file("usr/share/" + "long/" * 40 + "ü", Bytes(b"deep")),
]
REFERENCE = "docker.io/library/thing:1.0"


def layer(root: Path, entries: list[Entry] = ENTRIES) -> Layer:
    root.mkdir(exist_ok=True)
    return LayerStore(root).write("recipe", entries)


def image(root: Path) -> Image:
    run = RunSettings(user="1:2", entrypoint=("/usr/bin/a",), env=(("K", "v"),))
    return make_image([layer(root)], run, {"title": "thing"})


def read_layout(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {m.name: opened.extractfile(m).read() for m in opened}  # type: ignore[union-attr]


def resolve(layout: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    data = layout["blobs/" + descriptor["digest"].replace(":", "/")]
    assert len(data) == descriptor["size"]
    assert "sha256:" + hashlib.sha256(data).hexdigest() == descriptor["digest"]
    return data


def test_a_layer_is_sorted_and_carries_no_times_or_names(tmp_path: Path) -> None:
    with tarfile.open(layer(tmp_path).path) as archive:
        members = archive.getmembers()

    assert [m.name for m in members] == sorted(m.name for m in members)
    assert {(m.mtime, m.uname, m.gname) for m in members} == {(0, "", "")}


def test_a_layer_has_every_parent_folder_and_owners_as_given(tmp_path: Path) -> None:
    with tarfile.open(layer(tmp_path).path) as archive:
        found = {m.name: m for m in archive}

    assert found["usr/bin"].isdir()
    assert (found["tmp"].mode, found["tmp"].uid, found["tmp"].gid) == (0o1777, 5, 6)


def test_the_order_of_entries_does_not_matter(tmp_path: Path) -> None:
    other = layer(tmp_path / "b", ENTRIES[::-1])

    assert layer(tmp_path / "a").digest == other.digest


def test_a_known_recipe_gives_its_layer_again(tmp_path: Path) -> None:
    made = layer(tmp_path)

    assert LayerStore(tmp_path).find("recipe") == made


def test_a_damaged_layer_is_not_found(tmp_path: Path) -> None:
    made = layer(tmp_path)
    made.path.write_bytes(b"short")

    assert LayerStore(tmp_path).find("recipe") is None


def test_a_source_that_shrank_leaves_no_layer(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abc")

    with pytest.raises(OSError, match="2 bytes early"):
        layer(tmp_path / "store", [file("x", FileContent(source, 5))])

    assert [p.name for p in (tmp_path / "store").iterdir()] == ["recipes"]


def test_the_archive_is_a_valid_layout(tmp_path: Path) -> None:
    stream = io.BytesIO()
    write_archive(stream, {REFERENCE: image(tmp_path)})
    layout = read_layout(stream.getvalue())

    assert json.loads(layout["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    entry = json.loads(layout["index.json"])["manifests"][0]
    assert entry["annotations"]["io.containerd.image.name"] == REFERENCE
    assert entry["annotations"]["org.opencontainers.image.ref.name"] == "1.0"
    manifest = json.loads(resolve(layout, entry))
    config = json.loads(resolve(layout, manifest["config"]))
    resolve(layout, manifest["layers"][0])
    assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
    assert config["config"]["User"] == "1:2"


def test_an_environment_may_replace_the_search_path(tmp_path: Path) -> None:
    run = RunSettings(user="0:0", env=(("PATH", "/only"),))
    made = make_image([layer(tmp_path)], run, {})

    assert json.loads(made.config.data)["config"]["Env"] == ["PATH=/only"]


def test_an_archive_holds_a_shared_layer_once(tmp_path: Path) -> None:
    one, two = io.BytesIO(), io.BytesIO()
    write_archive(one, {REFERENCE: image(tmp_path)})
    write_archive(two, {REFERENCE: image(tmp_path), "docker.io/library/other:2": image(tmp_path)})

    assert len(read_layout(one.getvalue())) == len(read_layout(two.getvalue()))


def test_an_archive_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    made = image(tmp_path)
    made.layers[0].path.unlink()

    with pytest.raises(FileNotFoundError):
        save_archive(tmp_path / "out" / "x.tar", {REFERENCE: made})

    assert list((tmp_path / "out").iterdir()) == []


def test_the_same_entries_give_the_same_bytes() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    write_tar(first, ENTRIES)
    write_tar(second, ENTRIES)

    assert first.getvalue() == second.getvalue()
