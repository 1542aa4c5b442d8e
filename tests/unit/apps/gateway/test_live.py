"""How many streams of notifications a replica bears."""

import pytest

from gateway.errors import TooManyAttemptsError
from gateway.live import OpenStreams
from todo_shared.errors import UnavailableError


def test_a_replica_bears_so_many_streams() -> None:
    streams = OpenStreams(per_user=1, most=2)
    with streams.admitted("ann"), streams.admitted("bob"):
        with pytest.raises(TooManyAttemptsError), streams.admitted("ann"):
            pass
        with pytest.raises(UnavailableError), streams.admitted("cyd"):
            pass
    with streams.admitted("cyd"):
        pass
