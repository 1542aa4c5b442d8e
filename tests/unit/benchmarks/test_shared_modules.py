"""Packages that Go's cache knows apart, counted without compiling them."""

from shared_modules import Package, compiled, versions


def package(path: str, version: str, *imports: str, source: int = 100) -> Package:
    return Package(path, path.partition("/")[0], version, imports, source)


def component(*packages: Package) -> dict[str, Package]:
    return {each.path: each for each in packages}


BASE_1, BASE_2 = package("log/log", "v1.0.0"), package("log/log", "v1.10.0")
LARGE = package("large/api", "v3.0.0", "log/log", source=9_000)


def test_what_two_components_have_alike_is_compiled_once() -> None:
    listed = {"one": component(BASE_1, LARGE), "two": component(BASE_1, LARGE)}
    assert compiled(listed, {}) == {"one": 9_100, "two": 0}


def test_another_version_of_what_it_rests_on_makes_another_package() -> None:
    listed = {"one": component(BASE_1, LARGE), "two": component(BASE_2, LARGE)}
    assert compiled(listed, {}) == {"one": 9_100, "two": 9_100}
    assert compiled(listed, {}, deep=False) == {"one": 9_100, "two": 100}


def test_one_version_for_all_saves_what_rests_on_it() -> None:
    listed = {"one": component(BASE_1, LARGE), "two": component(BASE_2, LARGE)}
    assert compiled(listed, {"log": "v1.10.0"}) == {"one": 9_100, "two": 0}


def test_a_chosen_version_brings_its_own_imports() -> None:
    errors = package("errors/errors", "v1.0.0")
    newer = package("log/log", "v2.0.0", "errors/errors")
    listed = {"one": component(BASE_1, errors), "two": component(errors, newer)}
    assert compiled(listed, {"log": "v2.0.0"})["one"] == 200


def test_versions_are_ordered_as_numbers() -> None:
    listed = {"one": component(BASE_1), "two": component(BASE_2), "three": component(LARGE)}
    assert versions(listed) == {"log": ["v1.0.0", "v1.10.0"]}
