"""Which users the second release of the services serves: a share of them, always the same ones."""

import hashlib
from dataclasses import dataclass
from typing import Final

BUCKETS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Split:
    """`percent` of the users go to the release in `namespace`, in steps of a hundredth of one."""

    namespace: str
    percent: float

    def takes(self, user_id: str) -> bool:
        """Whether a user is among them; with a larger share the user still is."""
        return bucket(user_id) < round(self.percent * BUCKETS / 100)

    def app_id(self, app_id: str) -> str:
        """How the sidecar calls an app of the other namespace."""
        return f"{app_id}.{self.namespace}"


def bucket(user_id: str) -> int:
    """A user's place from 0 to 9,999: the same in every replica and for ever."""
    digest = hashlib.sha256(user_id.encode()).digest()
    return int.from_bytes(digest[:8]) % BUCKETS
