import pytest

from ballast.supply.sbom import SbomError, go_components

LISTING = (
    "/x/helm: go1.26.6\n\tpath\thelm.sh/helm/v3/cmd/helm\n\tmod\tballast.local/helm\t(devel)\t\n"
    "\tdep\tgithub.com/a/b\tv1.0.0\th1:x=\n\tdep\tgithub.com/c/d\tv2.0.0\n"
    "\t=>\tgithub.com/e/f\tv2.1.0\th1:y=\n\tbuild\t-trimpath=true\n"
)


def test_modules_of_a_program_are_listed_as_linked() -> None:
    program, *modules = go_components("helm", LISTING, "0" * 64)

    assert program["description"] == "helm.sh/helm/v3/cmd/helm"
    assert [m["purl"] for m in modules] == [
        "pkg:golang/github.com/a/b@v1.0.0",
        "pkg:golang/github.com/e/f@v2.1.0",
    ]


def test_a_program_without_module_list_is_refused() -> None:
    with pytest.raises(SbomError, match="carries no list"):
        go_components("x", "/x: go1.26.6\n", "0" * 64)
