"""A wrapper repeats what Go ignores in a dependency's go.mod, and nothing local."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballast.supply.go_spec import Component
from ballast.supply.gomodule import (
    ModFile,
    Replace,
    WrapperError,
    import_paths,
    link_flags,
    module_versions,
    output_name,
    parse_modfile,
    render_wrapper,
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
    own: ModFile, followed: dict[str, str]
) -> None:
    text = render_wrapper(component(), own, followed)
    for word in ("require", "replace"):
        subjects = [line.split(" ")[0] for line in lines(text, word)]
        assert len(subjects) == len(set(subjects))


@settings(max_examples=30)
@given(modfiles, st.dictionaries(paths, versions, min_size=1))
def test_followed_versions_are_forced(own: ModFile, followed: dict[str, str]) -> None:
    replaced = lines(render_wrapper(component(), own, followed), "replace")
    assert {f"{path} => {path} {version}" for path, version in followed.items()} <= set(replaced)


@settings(max_examples=30)
@given(modfiles, st.dictionaries(paths, versions, min_size=1))
def test_an_unfollowed_module_keeps_its_own_version(own: ModFile, followed: dict[str, str]) -> None:
    text = render_wrapper(component(unfollow=["*"]), own, followed)
    assert text == render_wrapper(component(), own)


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


def test_a_followed_component_gives_the_versions_that_it_is_built_with() -> None:
    own = ModFile(
        go="1.24",
        require=(("k.test/api", "v0.0.0"), ("x.test/net", "v0.1.0"), ("f.test/fork", "v1.0.0")),
        replace=(
            Replace("k.test/api", "", "./staging/api", ""),
            Replace("f.test/fork", "", "g.test/other", "v1.1.0"),
        ),
    )
    leader = component(replace={"k.test/*": "v0.34.10"})
    assert module_versions(leader, own) == {"k.test/api": "v0.34.10", "x.test/net": "v0.1.0"}


def test_link_flags_set_the_version_variables() -> None:
    assert link_flags(component(variables={"main.Version": "v1"})) == "-s -w -X main.Version=v1"


def test_our_own_main_package_is_the_wrappers_root() -> None:
    own = component(source="netpol", program=[{"name": "netpol", "package": "."}])
    assert import_paths(own, own.program) == ["."]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("k8s.io/kubernetes/cmd/kubelet", "kubelet"),
        ("go.etcd.io/etcd/server/v3", "server"),
        (".", "netpol"),
    ],
)
def test_an_output_is_named_as_go_names_it(path: str, name: str) -> None:
    assert output_name(path, "ballast.local/netpol") == name


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
