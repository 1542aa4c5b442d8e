"""A wrapper repeats what Go ignores in a dependency's go.mod, and nothing local."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.supply.go_spec import Component
from ballast.supply.gomodule import (
    ModFile,
    Replace,
    WrapperError,
    import_path,
    link_flags,
    output_name,
    parse_modfile,
    render_wrapper,
    shared_versions,
)

paths = st.from_regex(r"[a-z]{1,8}\.test/[a-z]{1,8}", fullmatch=True)
versions = st.from_regex(r"v[0-9]\.[0-9]{1,2}\.[0-9]{1,2}", fullmatch=True)
published = st.builds(
    Replace, path=paths, version=st.just(""), new_path=paths, new_version=versions
)
modfiles = st.builds(
    ModFile,
    go=st.sampled_from(["1.19", "1.24.11", "1.26.0"]),
    require=st.lists(st.tuples(paths, versions), unique_by=lambda r: r[0]).map(tuple),
    godebug=st.just(()),
    replace=st.lists(published, unique_by=lambda r: r.path).map(tuple),
    exclude=st.lists(st.tuples(paths, versions)).map(tuple),
)


def component(**changes: object) -> Component:
    facts: dict[str, object] = {
        "component": "one",
        "module": "example.test/one",
        "version": "v1.2.3",
        "program": [{"name": "tool", "package": "cmd/tool"}],
    }
    return Component.model_validate(facts | changes)


def local(path: str) -> ModFile:
    return ModFile(go="1.24", replace=(Replace(path, "", "./staging/x", ""),))


def lines(text: str, word: str) -> list[str]:
    return [line.split(" ", 1)[1] for line in text.splitlines() if line.startswith(f"{word} ")]


@settings(max_examples=30)
@given(modfiles)
def test_every_published_replace_and_exclude_is_carried_over(own: ModFile) -> None:
    text = render_wrapper(component(), own)
    assert set(lines(text, "replace")) == {
        f"{r.path} => {r.new_path} {r.new_version}" for r in own.replace
    }
    assert set(lines(text, "exclude")) == {f"{path} {version}" for path, version in own.exclude}


@settings(max_examples=30)
@given(modfiles)
def test_the_order_of_the_lines_upstream_does_not_matter(own: ModFile) -> None:
    shuffled = ModFile(
        go=own.go,
        require=tuple(reversed(own.require)),
        replace=tuple(reversed(own.replace)),
        exclude=tuple(reversed(own.exclude)),
    )
    assert render_wrapper(component(), own) == render_wrapper(component(), shuffled)


@settings(max_examples=30)
@given(modfiles, st.dictionaries(paths, versions))
def test_a_module_is_required_and_replaced_at_most_once(
    own: ModFile, shared: dict[str, str]
) -> None:
    text = render_wrapper(component(), own, shared)
    for word in ("require", "replace"):
        subjects = [line.split(" ")[0] for line in lines(text, word)]
        assert len(subjects) == len(set(subjects))


@settings(max_examples=30)
@given(modfiles, st.dictionaries(paths, versions, min_size=1))
def test_a_shared_version_is_required_and_never_replaced(
    own: ModFile, shared: dict[str, str]
) -> None:
    text = render_wrapper(component(), own, shared)
    assert {f"{path} {version}" for path, version in shared.items()} <= set(lines(text, "require"))
    assert not {line.split(" ")[0] for line in lines(text, "replace")} & shared.keys()


def test_only_modules_that_are_used_take_the_shared_version() -> None:
    shared = {"a.test/a": "v1.0.0", "b.test/b": "v2.0.0"}
    assert shared_versions(component(), shared, ["a.test/a", "c.test/c"]) == {"a.test/a": "v1.0.0"}


def test_a_component_keeps_its_own_version_where_it_says_so() -> None:
    shared = {"a.test/a": "v1.0.0", "b.test/b": "v2.0.0"}
    found = shared_versions(component(own=["a.test/*"]), shared, shared)
    assert found == {"b.test/b": "v2.0.0"}


def test_a_component_is_not_a_dependency_of_itself() -> None:
    assert shared_versions(component(), {"example.test/one": "v9.9.9"}, ["example.test/one"]) == {}


def test_a_version_above_the_shared_one_is_excluded_for_every_module_of_a_glob() -> None:
    text = render_wrapper(
        component(exclude={"k.test/*": ["v0.35.0"]}),
        ModFile(go="1.24"),
        {"k.test/a": "v0.34.0", "k.test/b": "v0.34.0", "x.test/x": "v1.0.0"},
    )
    assert lines(text, "exclude") == ["k.test/a v0.35.0", "k.test/b v0.35.0"]


def test_a_glob_excludes_no_version_that_a_module_cannot_have() -> None:
    text = render_wrapper(
        component(exclude={"k.test/*": ["v0.35.0", "v2.1.0"]}),
        ModFile("1.24"),
        {"k.test/a": "v0.34.0", "k.test/log/v2": "v2.0.0", "k.test/yaml.v2": "v2.0.0"},
    )
    assert lines(text, "exclude") == [
        "k.test/a v0.35.0",
        "k.test/log/v2 v2.1.0",
        "k.test/yaml.v2 v2.1.0",
    ]


def test_a_local_replace_without_an_answer_is_refused_with_the_line_to_add() -> None:
    with pytest.raises(WrapperError) as caught:
        render_wrapper(component(), local("example.test/api"))
    assert 'replace."example.test/api" = "vX.Y.Z"' in caught.value.fix


def test_a_glob_answers_local_replaces() -> None:
    text = render_wrapper(component(replace={"example.test/*": "v0.9.0"}), local("example.test/a"))
    assert "replace example.test/a => example.test/a v0.9.0" in text


def test_a_glob_adds_no_replace_of_its_own() -> None:
    text = render_wrapper(component(replace={"example.test/*": "v0.9.0"}), ModFile(go="1.24"))
    assert lines(text, "replace") == []


def test_an_exact_replace_is_always_written() -> None:
    text = render_wrapper(component(replace={"a.test/a": "b.test/b v1.0.0"}), ModFile(go="1.24"))
    assert lines(text, "replace") == ["a.test/a => b.test/b v1.0.0"]


def test_a_dropped_replace_is_left_out() -> None:
    own = local("example.test/forbidden")
    assert lines(render_wrapper(component(drop_replaces=["example.test/*"]), own), "replace") == []


def test_runtime_defaults_stay_those_of_upstreams_go_line() -> None:
    assert "godebug default=go1.24" in render_wrapper(component(), ModFile(go="1.24.11"))


def test_link_flags_set_the_version_variables() -> None:
    assert link_flags(component(variables={"main.Version": "v1"})) == "-s -w -X main.Version=v1"


@pytest.mark.parametrize(
    ("program", "path"),
    [
        ({"name": "netpol", "source": "netpol"}, "./netpol"),
        ({"name": "tool", "package": "cmd/tool"}, "example.test/one/cmd/tool"),
        ({"name": "tool", "package": "."}, "example.test/one"),
    ],
)
def test_a_program_is_ours_or_a_package_of_the_module(program: dict[str, str], path: str) -> None:
    own = component(program=[program])
    assert import_path(own, own.program[0]) == path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("k8s.io/kubernetes/cmd/kubelet", "kubelet"),
        ("go.etcd.io/etcd/server/v3", "server"),
        ("./netpol", "netpol"),
    ],
)
def test_an_output_is_named_as_go_names_it(path: str, name: str) -> None:
    assert output_name(path) == name


def test_go_mod_edit_output_is_understood() -> None:
    own = parse_modfile(
        '{"Go": "1.24.0", "Godebug": [{"Key": "default", "Value": "go1.23"}],'
        ' "Require": [{"Path": "a.test/a", "Version": "v1.0.0"}],'
        ' "Replace": [{"Old": {"Path": "b.test/b"}, "New": {"Path": "./b"}}],'
        ' "Exclude": [{"Path": "c.test/c", "Version": "v1.0.0"}]}'
    )
    assert own == ModFile(
        go="1.24.0",
        require=(("a.test/a", "v1.0.0"),),
        godebug=(("default", "go1.23"),),
        replace=(Replace("b.test/b", "", "./b", ""),),
        exclude=(("c.test/c", "v1.0.0"),),
    )
