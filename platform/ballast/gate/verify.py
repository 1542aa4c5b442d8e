"""Checking a record without a cluster: signature, expiry, verdicts."""

from datetime import UTC, datetime

from securesystemslib.signer import Key  # pyright: ignore[reportPrivateImportUsage]

from ballast.errors import BallastError
from ballast.gate.signing import open_envelope
from ballast.kubeapi.shape import mapping, mappings


def verify_record(text: str, trusted: list[Key], now: datetime | None = None) -> list[str]:
    """Sentences on what a valid record proves.

    Raises BallastError when it proves nothing: altered, signed by another key, or expired.
    """
    opened = open_envelope(text, trusted)
    if not opened.verified:
        raise BallastError(f"the record cannot be trusted: {opened.reason}", "Run the gate again.")
    try:
        predicate = mapping(opened.statement["predicate"])
        gate = mapping(predicate["gate"])
        expires = datetime.fromisoformat(str(gate["expires"]))
        lines = [
            f"signed by {opened.key_id[:16]}, {predicate['result']}, run {gate['run']} on "
            f"{gate['environment']}, counts until {gate['expires']}",
            *(
                f"{subject['name']}@sha256:{mapping(subject['digest'])['sha256']}"
                for subject in mappings(opened.statement["subject"])
            ),
            *(f"{v['check']}: {v['outcome']}, {v['reason']}" for v in mappings(gate["verdicts"])),
        ]
    except (KeyError, ValueError) as wrong:
        raise BallastError(f"the record lacks {wrong}", "Run the gate again.") from wrong
    if expires <= (now or datetime.now(UTC)):
        raise BallastError(f"the record expired at {gate['expires']}", "Run the gate again.")
    return lines
