"""A host decides how to reach the network, and nothing else about a build."""

import os
from pathlib import Path

import pytest

from ballast.supply.go_tool import GoTool


def environment(goroot: Path, tmp_path: Path, **host: str) -> dict[str, str]:
    return GoTool(
        goroot, tmp_path, {"HOME": str(tmp_path), "PATH": "/usr/bin", **host}
    ).environment()


@pytest.mark.parametrize(
    "name",
    ["GONOSUMDB", "GONOSUMCHECK", "GOPRIVATE", "GOINSECURE", "GOSUMDB", "CC", "GOEXPERIMENT"],
)
def test_what_would_weaken_or_change_a_build_is_stripped(
    name: str, goroot: Path, tmp_path: Path
) -> None:
    assert name not in environment(goroot, tmp_path, **{name: "off"})


@pytest.mark.parametrize(
    ("name", "value"), [("GOFLAGS", "-mod=mod"), ("CGO_ENABLED", "0"), ("GOAMD64", "v1")]
)
def test_what_decides_the_hash_is_fixed(
    name: str, value: str, goroot: Path, tmp_path: Path
) -> None:
    assert environment(goroot, tmp_path, **{name: "other"})[name] == value


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "GOPROXY"])
def test_the_way_to_the_network_is_passed_through(name: str, goroot: Path, tmp_path: Path) -> None:
    assert environment(goroot, tmp_path, **{name: "value"})[name] == "value"


def test_compilers_collect_no_garbage_until_they_hold_their_share_of_the_memory(
    goroot: Path, tmp_path: Path
) -> None:
    found = environment(goroot, tmp_path)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert found["GOGC"] == "off"
    assert 0 < int(found["GOMEMLIMIT"]) * len(os.sched_getaffinity(0)) <= memory // 4


def test_a_proxy_set_by_go_env_w_is_kept(goroot: Path, tmp_path: Path) -> None:
    settings = tmp_path / ".config" / "go" / "env"
    settings.parent.mkdir(parents=True)
    settings.write_text("GOPROXY=https://mirror.test\nGOFLAGS=-race\n")
    found = environment(goroot, tmp_path)
    assert (found["GOPROXY"], found["GOFLAGS"]) == ("https://mirror.test", "-mod=mod")
