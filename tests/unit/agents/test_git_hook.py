"""The post-receive hook, run as Git runs it: refs on standard input, in the repository's folder."""

import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ballast.agents import git_hook

OLD, NEW = "0" * 40, "a" * 40


@pytest.fixture
def push(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the hook for one push to main, with the given webhooks."""
    secret = tmp_path / "secret"
    secret.write_text("shared-with-argocd\n")
    repository = tmp_path / "ballast.git"
    repository.mkdir()

    def run(*webhooks: str, refs: str = f"{OLD} {NEW} refs/heads/main\n") -> Any:
        return subprocess.run(
            [sys.executable, str(git_hook.__file__)],
            input=refs,
            cwd=repository,
            env={"BALLAST_WEBHOOKS": " ".join(webhooks), "BALLAST_WEBHOOK_SECRET": str(secret)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def collect(into: list[Any]) -> Callable[..., tuple[int, Any]]:
    def answer(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, Any]:
        into.append((path, headers, body))
        return 200, {}

    return answer


def test_a_push_reaches_every_target_as_a_signed_event(push: Any, server: Any) -> None:
    got: list[Any] = []
    with server(collect(got)) as url:
        done = push(f"{url}/one", f"{url}/two")
    assert done.returncode == 0
    assert done.stderr == ""
    assert sorted(path for path, _, _ in got) == ["/one", "/two"]
    _, headers, body = got[0]
    assert headers["X-Github-Event"] == "push"
    assert body["after"] == NEW
    assert body["ref"] == "refs/heads/main"
    assert body["repository"]["html_url"].endswith(":23232/ballast")
    signed = hmac.new(b"shared-with-argocd", json.dumps(body).encode(), hashlib.sha256)
    assert headers["X-Hub-Signature-256"] == f"sha256={signed.hexdigest()}"


def test_a_push_succeeds_when_nobody_listens_and_says_so(push: Any) -> None:
    done = push("http://127.0.0.1:9/api/webhook")
    assert done.returncode == 0
    assert "127.0.0.1:9 was not told" in done.stderr


def test_every_ref_is_told(push: Any, server: Any) -> None:
    got: list[Any] = []
    refs = f"{OLD} {NEW} refs/heads/main\n{OLD} {NEW} refs/tags/v1\n"
    with server(collect(got)) as url:
        push(url, refs=refs)
    assert {body["ref"] for _, _, body in got} == {"refs/heads/main", "refs/tags/v1"}


def test_a_push_of_nothing_tells_nobody(push: Any) -> None:
    assert push("http://127.0.0.1:9", refs="").stderr == ""
