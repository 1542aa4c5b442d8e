"""The public half of the key that signs reaches Git once, and a later one with a signature."""

import pytest
from securesystemslib.signer import CryptoSigner

from ballast.errors import BallastError
from ballast.gate import signing
from ballast.gate.custody import endorser_of
from ballast.gate.keys import adopt, check_trusted, choose
from ballast.gate.record_store import FOLDER, committed_keys, key_path


class Files:
    """A branch in memory."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.messages: list[str] = []

    def read_file(self, path: str) -> str:
        return self.files[path]

    def list_files(self, folder: str) -> list[str]:
        return [path for path in self.files if path.startswith(f"{folder}/")]

    def read_folder(self, folder: str) -> dict[str, str]:
        return {path: self.files[path] for path in self.list_files(folder)}

    def commit_files(self, message, files) -> str:
        self.files |= files
        self.messages.append(message)
        return str(len(self.messages))


@pytest.fixture
def git() -> Files:
    return Files()


def signer() -> CryptoSigner:
    return CryptoSigner.generate_ed25519()


def trusted(git: Files) -> set[str]:
    return {key.keyid for key in committed_keys(git.read_folder(FOLDER))}


def test_the_first_key_is_committed_and_stands_alone(git):
    first = signer()
    assert adopt(git, first)
    assert trusted(git) == {first.public_key.keyid}
    assert "the first key" in git.messages[0]


def test_a_key_that_is_there_makes_no_commit(git):
    first = signer()
    adopt(git, first)
    assert not adopt(git, first)
    assert len(git.messages) == 1


def test_a_later_key_carries_the_signature_of_a_trusted_one(git):
    first, second = signer(), signer()
    adopt(git, first)
    assert adopt(git, second, [second, signer(), first])
    assert trusted(git) == {first.public_key.keyid, second.public_key.keyid}
    committed = signing.public_key(git.files[key_path(second.public_key)])
    assert endorser_of(committed) == first.public_key.keyid


def test_a_later_key_that_nobody_vouches_for_is_not_committed(git):
    adopt(git, signer())
    with pytest.raises(BallastError, match="to vouch for the new one") as refusal:
        adopt(git, signer(), [signer()])
    assert "--distrust" in refusal.value.fix
    assert len(git.messages) == 1


def test_the_newest_version_that_git_trusts_signs():
    newest, middle, oldest = signer(), signer(), signer()
    offered = [newest, middle, oldest]
    assert choose(offered, [oldest.public_key, middle.public_key]) is middle


def test_the_newest_version_signs_where_git_trusts_none():
    newest, oldest = signer(), signer()
    assert choose([newest, oldest], [signer().public_key]) is newest


def test_a_signer_that_git_does_not_trust_is_refused():
    own = signer()
    check_trusted(own, [own.public_key])
    with pytest.raises(BallastError, match="it can permit nothing"):
        check_trusted(own, [signer().public_key])
