import os

import pytest


@pytest.fixture(autouse=True)
def needs_root():
    """Namespaces are root's; `make test` is promised to root on a bare machine."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it makes namespaces")
