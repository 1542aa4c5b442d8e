import json
import tarfile
from pathlib import Path

import pytest

from ballast.supply.image_spec import Folder, ImageSpec, User
from ballast.supply.images import (
    ImageError,
    ImageSupply,
    app_images,
    platform_images,
    refuse_broken,
)
from ballast.supply.lock import Lock, load_lock

SPEC = ImageSpec(
    name="thing",
    reference="docker.io/library/thing:1.0",
    title="Thing",
    content={"/pause": "pause.sh"},
    links={"/start": "/pause"},
    users=(User(name="thing", uid=7, gid=8),),
    folders=(Folder(path="/data", owner="7:8", mode="0700"),),
    user="7:8",
    entrypoint=("/pause",),
)


def supply(root: Path, spec: ImageSpec = SPEC) -> ImageSupply:
    return ImageSupply(Lock(toolchain={}, image=(spec,)), root=root)


def test_two_clean_folders_give_the_same_digest(tmp_path: Path) -> None:
    one = supply(tmp_path / "one").ensure(["thing"])["thing"]
    two = supply(tmp_path / "two").ensure(["thing"])["thing"]

    assert one.digest == two.digest
    assert one.archive.read_bytes() == two.archive.read_bytes()
    assert one.sbom.read_bytes() == two.sbom.read_bytes()


def test_a_built_image_is_found_again_without_writing(tmp_path: Path) -> None:
    first = supply(tmp_path).ensure(["thing"])["thing"]
    before = first.archive.stat().st_mtime_ns

    again = supply(tmp_path).ensure(["thing"])["thing"]

    assert again == first
    assert again.archive.stat().st_mtime_ns == before


def test_another_specification_gives_another_digest_and_drops_the_old_archive(
    tmp_path: Path,
) -> None:
    old = supply(tmp_path).ensure(["thing"])["thing"]
    new = supply(tmp_path, SPEC.model_copy(update={"user": "9:9"})).ensure(["thing"])["thing"]

    assert new.digest != old.digest
    assert not old.archive.exists()


def test_a_lost_archive_is_made_again(tmp_path: Path) -> None:
    first = supply(tmp_path).ensure(["thing"])["thing"]
    first.archive.unlink()

    assert supply(tmp_path).ensure(["thing"])["thing"].archive.is_file()


def test_the_users_own_files_are_in_the_top_layer(tmp_path: Path) -> None:
    built = supply(tmp_path).ensure(["thing"])["thing"]
    layer = next((tmp_path / "layers").glob("*.tar"))

    with tarfile.open(layer) as archive:
        passwd = archive.extractfile("etc/passwd")
        assert passwd is not None
        assert b"thing:x:7:8:" in passwd.read()
        assert archive.getmember("data").uid == 7
        assert archive.getmember("pause").mode == 0o755
    assert built.repository == "docker.io/library/thing"


def test_a_bill_of_materials_names_the_digest(tmp_path: Path) -> None:
    built = supply(tmp_path).ensure(["thing"])["thing"]
    bill = json.loads(built.sbom.read_text())

    assert bill["specVersion"] == "1.6"
    assert bill["metadata"]["component"]["version"] == built.digest


def test_an_unknown_image_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no image 'thong'") as refused:
        supply(tmp_path).ensure(["thong"])

    assert refused.value.fix == "did you mean 'thing'?"


def test_a_program_without_its_library_is_refused(tmp_path: Path) -> None:
    layer = tmp_path / "layer.tar"
    with tarfile.open(layer, "w") as archive:
        archive.add("/bin/ls", arcname="usr/bin/ls")
    spec = SPEC.model_copy(update={"debian": ("base",)})

    with pytest.raises(ImageError, match=r"usr/bin/ls needs .*libc\.so\.6"):
        refuse_broken(spec, [layer])


def test_every_image_of_the_lock_belongs_to_one_group() -> None:
    lock = load_lock()

    assert sorted([*platform_images(lock), *app_images(lock)]) == sorted(i.name for i in lock.image)


def test_no_two_images_share_a_reference() -> None:
    references = [image.reference for image in load_lock().image]

    assert len(references) == len(set(references))


def test_every_program_and_set_that_an_image_names_is_locked() -> None:
    lock = load_lock()
    assert lock.debian is not None
    programs = lock.programs()

    missing = [
        (image.name, name)
        for image in lock.image
        for name in (*image.binaries.values(), *image.debian)
        if name not in programs and name not in lock.debian.closure
    ]
    assert missing == []
