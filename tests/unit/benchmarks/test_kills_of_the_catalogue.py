"""The kills of the benchmark are those of the catalogue."""

from kill_run import KILLS

from ballast.gate.catalogue import load_catalogue


def test_every_kill_is_in_the_catalogue() -> None:
    assert set(KILLS) <= set(load_catalogue())
