"""A target that asks for people is entered with their sign-offs only, and a clone proves them."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from ballast import release
from ballast.gate import signing
from ballast.gate.checkout import Checkout
from ballast.gate.promote import Hotfix
from ballast.gate.roles import ROLES, roles_in
from ballast.gate.sign_off import give
from ballast.gate.verify_clone import verify_clone

LEADS = ("backend-lead", "devops-lead", "tech-lead")


class People:
    """Three leads, each with a key of their own, whom staging asks."""

    def __init__(self, folder: Path, git) -> None:
        self.folder, self.git = folder, git
        holders = {role: [{"person": f"the {role}", "public": self.public(role)}] for role in LEADS}
        document = {
            "environments": {"staging": list(LEADS), "prod": []},
            "hotfix": ["devops-lead"],
            "roles": holders,
        }
        git.commit_files("Ask three leads", {ROLES: yaml.safe_dump(document)})

    def key(self, role: str) -> Path:
        return self.folder / f"{role}.key"

    def public(self, role: str) -> str:
        return signing.signer(self.key(role)).public_key.keyval["public"]

    def sign_off(self, role: str, **other) -> str:
        """What `ballast sign-off` writes; `other` seeds a flaw."""
        candidate = release.parse(self.git.read_file(release.path_of("dev")))
        candidate = candidate.model_copy(update=other.get("candidate", {}))
        made = datetime.now(UTC) - other.get("age", timedelta(minutes=1))
        key = signing.signer(self.key(role))
        target, roles = other.get("target", "staging"), roles_in(self.git)
        return give(candidate, target, role, roles=roles, signer=key, now=made)[1]

    def all(self, **other) -> list[str]:
        return [self.sign_off(role, **other) for role in LEADS]


@pytest.fixture
def people(tmp_path, gate) -> People:
    return People(tmp_path, gate.git)


def urgent() -> Hotfix:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=4)
    return Hotfix("lost-reminders", until, "they are lost")


def test_a_release_that_three_leads_signed_off_moves_with_what_they_signed(
    gate, people, make_record
):
    gate.promote(make_record(), sign_offs=people.all())
    index = json.loads(gate.git.read_file("gitops/evidence/index.json"))
    entries = {entry["sign_off"]: entry for entry in index if "sign_off" in entry}
    assert set(entries) == set(LEADS)
    assert entries["tech-lead"]["by"] == "the tech-lead"
    assert gate.git.read_file(entries["tech-lead"]["file"])


def test_a_missing_role_is_refused_before_the_run(gate, people, make_record, refused):
    said = refused(make_record(), sign_offs=people.all()[:2])
    assert "staging needs the sign-off of tech-lead" in said


def test_a_missing_role_is_refused_with_a_stored_record_too(people, make_record, refused, tmp_path):
    record = make_record()
    (tmp_path / "record.dsse.json").write_text(record.text)
    said = refused(record, evidence=tmp_path / "record.dsse.json")
    assert "staging needs the sign-off of backend-lead (and 2 more)" in said


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ({"target": "prod"}, "it is for prod, not for staging"),
        ({"age": timedelta(hours=24, minutes=1)}, "it ended at"),
        ({"candidate": {"revision": "r9"}}, "it is for revision r9"),
    ],
)
def test_a_sign_off_of_something_else_is_refused(people, make_record, refused, flaw, words):
    said = refused(make_record(), sign_offs=people.all(**flaw))
    assert f"the sign-off of backend-lead does not count: {words}" in said


def test_a_sign_off_of_other_digests_is_refused(people, make_record, refused, old_digests):
    images = release.parse(people.git.read_file(release.path_of("staging"))).images
    said = refused(make_record(), sign_offs=people.all(candidate={"images": images}))
    assert "it is for another digest of" in said


def test_a_tampered_sign_off_is_refused(people, make_record, refused):
    first, *others = people.all()
    said = refused(make_record(), sign_offs=[first.replace('"sig": "', '"sig": "AAAA'), *others])
    assert "the sign-off of backend-lead does not count: it cannot be trusted" in said


def test_a_sign_off_by_a_key_that_is_no_longer_in_the_file_is_refused(
    gate, people, make_record, refused
):
    signed = people.all()
    document = yaml.safe_load(gate.git.read_file(ROLES))
    document["roles"]["tech-lead"] = []
    gate.git.commit_files("The tech lead leaves", {ROLES: yaml.safe_dump(document)})
    assert "is not trusted" in refused(make_record(), sign_offs=signed)


def test_two_roles_by_one_key_are_refused(gate, people, make_record, refused):
    document = yaml.safe_load(gate.git.read_file(ROLES))
    document["roles"]["tech-lead"] = document["roles"]["devops-lead"]
    gate.git.commit_files("One person, two roles", {ROLES: yaml.safe_dump(document)})
    shutil.copy(people.key("devops-lead"), people.key("tech-lead"))
    said = refused(make_record(), sign_offs=people.all())
    assert "one key signs off as devops-lead and as tech-lead" in said


def test_a_hotfix_needs_the_role_that_the_file_names(gate, people, make_record, refused):
    said = refused(make_record(), hotfix=urgent(), sign_offs=[people.sign_off("tech-lead")])
    assert "staging needs the sign-off of devops-lead" in said
    signed = [people.sign_off("devops-lead")]
    assert gate.promote(make_record(), hotfix=urgent(), sign_offs=signed).commit


def test_a_dry_run_goes_before_the_sign_offs_and_is_refused_after_the_run(
    gate, people, make_record, refused
):
    assert "staging needs the sign-off of" in refused(make_record(), dry_run=True)


@pytest.fixture
def clone(gate, people, make_record, tmp_path) -> Checkout:
    """A checkout of what a signed-off promotion committed."""
    gate.promote(make_record(), sign_offs=people.all())
    root = tmp_path / "checkout"
    for folder in ("gitops/evidence", "gitops/environments", "gitops/gate"):
        for path, text in gate.git.read_folder(folder).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
    return Checkout(root)


def false(clone: Checkout) -> str:
    return "\n".join(f"{f.path}: {f.said}" for f in verify_clone(clone) if not f.sound)


def sign_off_file(clone: Checkout, role: str) -> Path:
    [path] = [p for p in clone.list_files("gitops/evidence") if p.endswith(f"{role}.sign-off.json")]
    return clone.root / path


def test_a_clone_proves_who_let_the_release_in(clone):
    assert false(clone) == ""
    said = [finding.said for finding in verify_clone(clone)]
    assert any("the tech-lead as tech-lead let r2 into staging" in one for one in said)


def test_a_removed_sign_off_is_found(clone):
    sign_off_file(clone, "tech-lead").unlink()
    assert "the sign-off of tech-lead cannot be checked" in false(clone)


def test_an_altered_sign_off_is_found(clone):
    path = sign_off_file(clone, "tech-lead")
    path.write_text(path.read_text().replace('"sig": "', '"sig": "AAAA'))
    said = false(clone)
    assert "its SHA-256 is not that of the index" in said
    assert "the sign-off of tech-lead does not count: it cannot be trusted" in said


def test_a_sign_off_in_the_place_of_another_is_found(clone):
    other = sign_off_file(clone, "devops-lead").read_text()
    sign_off_file(clone, "tech-lead").write_text(other)
    assert "does not count: it is one of devops-lead" in false(clone)


def test_a_sign_off_beside_the_index_is_found(clone):
    path = sign_off_file(clone, "tech-lead")
    (path.parent / "run-9-tech-lead.sign-off.json").write_text(path.read_text())
    assert "run-9-tech-lead.sign-off.json: the index does not have it" in false(clone)


def test_a_release_that_lacks_a_role_of_today_is_found(clone):
    path = clone.root / ROLES
    document = yaml.safe_load(path.read_text())
    document["roles"]["cto"] = []
    document["environments"]["staging"].append("cto")
    path.write_text(yaml.safe_dump(document))
    assert "no promotion of it has the sign-off of cto" in false(clone)


def test_a_clone_without_roles_proves_no_sign_off(clone):
    (clone.root / ROLES).unlink()
    said = false(clone)
    assert "nobody says who must sign off" in said
    assert "the sign-off of backend-lead cannot be checked" in said
