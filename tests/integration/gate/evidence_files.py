"""Signed evidence made by hand: what admission is tested with."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ballast.gate import signing
from ballast.gate.permit import Permit, permit
from ballast.gate.record_store import KEYS

NOW = datetime.now(UTC).replace(microsecond=0)


def image(number: int) -> str:
    return f"example.org/todo-{number}@sha256:{number:064x}"


def given(**facts) -> Permit:
    return permit(
        **{
            "kind": "break-glass",
            "name": "debug",
            "by": "ada",
            "reason": "the database is on fire",
            "target": "staging",
            "made": NOW - timedelta(minutes=1),
            "until": NOW + timedelta(hours=1),
        }
        | facts
    )


def signed(of: Permit, images: list[str], key: Path) -> dict[str, str]:
    """The permit's envelope by its path."""
    return {of.path: signing.sign(of.statement(images), signing.signer(key))}


def public(key: Path) -> dict[str, str]:
    """The committed half of a key."""
    return {f"{KEYS}/own.json": signing.public_document(signing.signer(key).public_key)}
