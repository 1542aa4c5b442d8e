"""Kubeconfigs: inline, by path, with files beside them, and broken ones."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from ballast.errors import BallastError
from ballast.kubeapi import load_kubeconfig


def document(cluster: Any = None, user: Any = None, context: Any = None) -> dict[str, Any]:
    return {
        "current-context": "main",
        "contexts": [
            {"name": "main", "context": {"cluster": "c", "user": "u", **(context or {})}},
            {"name": "other", "context": {"cluster": "c2", "user": "u"}},
        ],
        "clusters": [
            {"name": "c", "cluster": {"server": "https://one:6443/", **(cluster or {})}},
            {"name": "c2", "cluster": {"server": "https://two:6443"}},
        ],
        "users": [{"name": "u", "user": user or {}}],
    }


def test_text_and_path_give_the_same_endpoint(tmp_path: Path) -> None:
    text = yaml.safe_dump(document(context={"namespace": "apps"}))
    path = tmp_path / "config"
    path.write_text(text)
    for source in (text, path, str(path)):
        endpoint = load_kubeconfig(source)
        assert (endpoint.server, endpoint.namespace) == ("https://one:6443", "apps")


def test_a_chosen_context_wins() -> None:
    assert load_kubeconfig(yaml.safe_dump(document()), "other").server == "https://two:6443"


def test_inline_data_is_decoded() -> None:
    data = base64.b64encode(b"PEM").decode()
    text = yaml.safe_dump(document({"certificate-authority-data": data}))
    assert load_kubeconfig(text).ca == b"PEM"


def test_files_are_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(b"PEM")
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(document({"certificate-authority": "ca.crt"})))
    assert load_kubeconfig(path).ca == b"PEM"


def test_an_exec_plugin_is_read() -> None:
    plugin = {"command": "login", "args": ["-x"], "env": [{"name": "A", "value": "b"}]}
    endpoint = load_kubeconfig(yaml.safe_dump(document(user={"exec": plugin})))
    assert endpoint.plugin is not None
    assert (endpoint.plugin.command, endpoint.plugin.args) == ("login", ("-x",))


def test_secrets_do_not_show_in_a_trace() -> None:
    text = yaml.safe_dump(document(user={"token": "hunter2"}))
    assert "hunter2" not in repr(load_kubeconfig(text))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a: [\n", "not YAML"),
        ("- a\n- b\n", "not a mapping"),
        (yaml.safe_dump(document()).replace("current-context: main", "current-context: x"), "'x'"),
        (yaml.safe_dump(document({"certificate-authority-data": "%%"})), "not base64"),
        (yaml.safe_dump(document({"certificate-authority": "gone.crt"})), "gone.crt"),
        (yaml.safe_dump(document({"server": ""})), "without a server"),
    ],
)
def test_a_broken_kubeconfig_is_named(text: str, word: str) -> None:
    with pytest.raises(BallastError, match=word) as caught:
        load_kubeconfig(text)
    assert caught.value.fix


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BallastError, match="No such file"):
        load_kubeconfig(tmp_path / "gone")
