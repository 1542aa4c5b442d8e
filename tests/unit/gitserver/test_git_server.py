"""Seeding, committing and reverting on a real Git server."""

import stat
import time
from pathlib import Path

import pytest

from ballast.gitserver import GitServer, GitServerError

from .conftest import Access, Server, run_git, write

RELEASE = "gitops/environments/dev/release.yaml"
VALUES = "gitops/environments/dev/values.yaml"


def bare(git_http: Server) -> Path:
    return git_http.folder / "ballast.git"


def commits(git_http: Server) -> int:
    return int(run_git(bare(git_http), "rev-list", "--count", "main"))


def test_an_empty_server_gets_the_tree_of_the_last_commit(
    git_server: GitServer, checkout: Path, git_http: Server
) -> None:
    sha = git_server.seed(checkout)

    assert run_git(bare(git_http), "rev-parse", "main") == sha
    assert run_git(bare(git_http), "rev-parse", "main^{tree}") == run_git(
        checkout, "rev-parse", "HEAD^{tree}"
    )


def test_links_between_charts_stay_links(
    git_server: GitServer, checkout: Path, git_http: Server
) -> None:
    git_server.seed(checkout)

    assert run_git(bare(git_http), "ls-tree", "main", "gitops/charts/link").startswith("120000")


def test_a_shallow_clone_seeds_as_well_as_a_full_one(
    git_server: GitServer, checkout: Path, tmp_path: Path
) -> None:
    write(checkout, {"README.md": "two\n"})
    run_git(checkout, "commit", "-qam", "second")
    shallow = tmp_path / "shallow"
    run_git(tmp_path, "clone", "-q", "--depth", "1", f"file://{checkout}", str(shallow))

    git_server.seed(shallow)

    assert git_server.read_file("README.md") == "two\n"


def test_seeding_the_same_commit_again_changes_nothing(
    git_server: GitServer, checkout: Path, git_http: Server
) -> None:
    first = git_server.seed(checkout)

    assert git_server.seed(checkout) == first
    assert commits(git_http) == 1
    assert git_http.pushes == 1


def test_a_new_commit_of_the_checkout_becomes_one_commit_on_top(
    git_server: GitServer, checkout: Path, git_http: Server
) -> None:
    first = git_server.seed(checkout)
    write(checkout, {"README.md": "two\n"})
    run_git(checkout, "commit", "-qam", "second")

    second = git_server.seed(checkout)

    assert run_git(bare(git_http), "rev-parse", "main^") == first
    assert git_server.head() == second
    message = run_git(bare(git_http), "log", "-1", "--format=%B", "main")
    assert f"Checkout-Commit: {run_git(checkout, 'rev-parse', 'HEAD')}" in message


def test_releases_and_evidence_on_the_server_survive_a_seed(
    git_server: GitServer, checkout: Path
) -> None:
    git_server.seed(checkout)
    git_server.commit_files("promote", {RELEASE: "promoted\n", "gitops/evidence/r.json": "{}\n"})
    write(checkout, {RELEASE: "from the checkout\n", "README.md": "two\n"})
    run_git(checkout, "add", "-A")
    run_git(checkout, "commit", "-qm", "second")

    git_server.seed(checkout)

    assert git_server.read_file(RELEASE) == "promoted\n"
    assert git_server.read_file("gitops/evidence/r.json") == "{}\n"
    assert git_server.read_file("README.md") == "two\n"


def test_evidence_that_was_removed_on_the_server_does_not_come_back_with_a_seed(
    git_server: GitServer, checkout: Path
) -> None:
    key = "gitops/evidence/keys/lost.json"
    write(checkout, {key: "{}\n"})
    run_git(checkout, "add", "-A")
    run_git(checkout, "commit", "-qm", "a clone of the platform's repository")
    git_server.seed(checkout)
    git_server.commit_files("retire", {key: None})
    write(checkout, {"README.md": "two\n"})
    run_git(checkout, "commit", "-qam", "second")

    git_server.seed(checkout)

    assert git_server.list_files("gitops/evidence") == []
    assert git_server.read_file("README.md") == "two\n"


def test_an_environment_that_the_checkout_dropped_loses_its_release(
    git_server: GitServer, checkout: Path
) -> None:
    git_server.seed(checkout)
    git_server.commit_files("promote", {RELEASE: "promoted\n"})
    run_git(checkout, "rm", "-q", VALUES)
    run_git(checkout, "commit", "-qm", "no dev")

    git_server.seed(checkout)

    assert git_server.list_files("gitops/environments") == []


def test_files_to_fill_in_come_with_the_first_seed_only(
    git_server: GitServer, checkout: Path, git_http: Server
) -> None:
    git_server.seed(checkout, {RELEASE: "built\n"})
    git_server.commit_files("promote", {RELEASE: "promoted\n"})

    git_server.seed(checkout, {RELEASE: "built later\n"})

    assert git_server.read_file(RELEASE) == "promoted\n"
    assert commits(git_http) == 2


def test_uncommitted_work_is_left_out_and_said(git_server: GitServer, checkout: Path) -> None:
    write(checkout, {"README.md": "loose\n", "new.txt": "loose\n"})
    said: list[str] = []

    git_server.seed(checkout, progress=said.append)

    assert git_server.read_file("README.md") == "one\n"
    assert len(said) == 1
    assert said[0].startswith("2 uncommitted files")


def test_a_folder_without_git_says_what_to_do(git_server: GitServer, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()

    with pytest.raises(GitServerError, match="not a Git checkout") as caught:
        git_server.seed(tmp_path / "plain")

    assert "clone the repository" in caught.value.fix


def test_a_commit_writes_and_removes_files(git_server: GitServer, checkout: Path) -> None:
    git_server.seed(checkout)

    git_server.commit_files("change", {"README.md": None, "a/b.txt": "ä\n"})

    assert git_server.read_file("a/b.txt") == "ä\n"
    with pytest.raises(GitServerError, match=r"README\.md is not on the Git server"):
        git_server.read_file("README.md")


def test_a_commit_without_a_change_is_not_made(
    git_server: GitServer, checkout: Path, git_http: Server
) -> None:
    sha = git_server.seed(checkout)

    assert git_server.commit_files("same", {"README.md": "one\n"}) == sha
    assert commits(git_http) == 1


@pytest.mark.parametrize("path", ["/etc/passwd", "../up", "a//b", ".git/config", "a/./b"])
def test_a_path_outside_the_repository_is_refused(
    git_server: GitServer, checkout: Path, path: str
) -> None:
    git_server.seed(checkout)

    with pytest.raises(GitServerError, match="not a path inside"):
        git_server.commit_files("bad", {path: "x"})


def test_a_commit_that_lost_the_race_is_built_again_on_the_winner(
    git_server: GitServer, checkout: Path, git_http: Server, access: Access, tmp_path: Path
) -> None:
    git_server.seed(checkout)
    other = GitServer(url=git_server.url, access=access, folder=tmp_path / "other")
    build = git_server.clone.commit
    raced: list[str] = []

    def commit_late(tree: str, parent: str | None, message: str) -> str:
        if not raced:
            raced.append(other.commit_files("winner", {"winner.txt": "w\n"}))
        return build(tree, parent, message)

    git_server.clone.commit = commit_late

    git_server.commit_files("loser", {"loser.txt": "l\n"})

    assert git_server.read_file("winner.txt") == "w\n"
    assert git_server.read_file("loser.txt") == "l\n"
    assert commits(git_http) == 3


def test_a_push_that_the_server_drops_once_is_repeated(
    git_server: GitServer, checkout: Path, git_http: Server
) -> None:
    git_server.seed(checkout)
    git_http.refuse_pushes = 1

    git_server.commit_files("again", {"a.txt": "a\n"})

    assert git_server.read_file("a.txt") == "a\n"
    assert commits(git_http) == 2


def test_a_stale_token_is_renewed(
    git_server: GitServer, checkout: Path, git_http: Server, access: Access
) -> None:
    git_server.seed(checkout)
    git_http.valid = "second-token"

    git_server.commit_files("after", {"a.txt": "a\n"})

    assert access.renewed == 1
    assert git_server.read_file("a.txt") == "a\n"


def test_the_token_is_kept_in_one_private_file(
    git_server: GitServer, checkout: Path, tmp_path: Path
) -> None:
    git_server.seed(checkout)

    holders = [
        path
        for path in (tmp_path / "state").rglob("*")
        if path.is_file() and b"first-token" in path.read_bytes()
    ]
    assert [path.name for path in holders] == ["credentials"]
    assert stat.S_IMODE(holders[0].stat().st_mode) == 0o600


def test_a_revert_brings_back_only_what_its_commit_changed(
    git_server: GitServer, checkout: Path
) -> None:
    git_server.seed(checkout)
    git_server.commit_files("v1", {RELEASE: "v1\n"})
    bad = git_server.commit_files("v2", {RELEASE: "v2\n"})
    git_server.commit_files("other", {"README.md": "two\n"})

    git_server.revert(bad)

    assert git_server.read_file(RELEASE) == "v1\n"
    assert git_server.read_file("README.md") == "two\n"


def test_a_revert_of_lines_that_changed_since_is_refused(
    git_server: GitServer, checkout: Path, git_http: Server
) -> None:
    git_server.seed(checkout)
    bad = git_server.commit_files("v2", {RELEASE: "v2\n"})
    git_server.commit_files("v3", {RELEASE: "v3\n"})
    before = commits(git_http)

    with pytest.raises(GitServerError, match="git apply failed"):
        git_server.revert(bad)

    assert commits(git_http) == before


def test_a_server_that_is_away_is_named(git_server: GitServer, access: Access) -> None:
    gone = GitServer(
        url="http://127.0.0.1:9/ballast.git", access=access, folder=git_server.clone.folder
    )

    with pytest.raises(GitServerError, match=r"git fetch failed: .*127\.0\.0\.1"):
        gone.read_file("README.md")


def test_freezes_on_the_server_survive_a_seed(git_server: GitServer, checkout: Path) -> None:
    git_server.seed(checkout)
    git_server.commit_files("freeze", {"gitops/gate/freezes.yaml": "freezes: []\n"})
    write(checkout, {"README.md": "two\n"})
    run_git(checkout, "commit", "-qam", "second")

    git_server.seed(checkout)

    assert git_server.read_file("gitops/gate/freezes.yaml") == "freezes: []\n"


def test_a_folder_is_read_with_all_that_lies_below_it(
    git_server: GitServer, checkout: Path
) -> None:
    git_server.seed(checkout)
    git_server.commit_files("one", {"a/b/c": "1\n", "a/d": "2\n", "e": "3\n"})

    assert git_server.read_folder("a") == {"a/b/c": "1\n", "a/d": "2\n"}
    assert git_server.read_folder("absent") == {}


def test_the_last_change_of_a_file_has_its_text_before_and_after(
    git_server: GitServer, checkout: Path
) -> None:
    git_server.seed(checkout)
    git_server.commit_files("one", {"a": "1\n"})
    second = git_server.commit_files("two: why", {"a": "2\n"})
    git_server.commit_files("three", {"b": "3\n"})

    found = git_server.last_change("a")

    assert found
    assert (found.commit, found.subject) == (second, "two: why")
    assert (found.before, found.after) == ("1\n", "2\n")


def test_a_file_that_was_never_there_has_no_last_change(
    git_server: GitServer, checkout: Path
) -> None:
    git_server.seed(checkout)
    git_server.commit_files("one", {"a": "1\n"})

    assert git_server.last_change("b") is None


def test_a_commit_tells_what_it_made_of_a_file_and_when(
    git_server: GitServer, checkout: Path
) -> None:
    git_server.seed(checkout)
    first = git_server.commit_files("one", {"a": "1\n"})
    second = git_server.commit_files("two", {"b": "2\n"})

    made, left = git_server.change(first, "a"), git_server.change(second, "a")

    assert (made.subject, made.before, made.after) == ("one", None, "1\n")
    assert (left.subject, left.before, left.after) == ("two", "1\n", "1\n")
    assert abs(made.at - time.time()) < 120
