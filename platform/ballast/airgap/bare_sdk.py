"""Start a plugin process quickly: load protocol messages, not the packages around them."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

_PARENTS = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")

# httpx imports its command line (and with it a terminal toolkit) when that is installed; it does
# without when the import fails.
_UNWANTED = ("httpx._main",)


def install() -> None:
    """Register empty parent packages, so that a message module loads alone.

    For a plugin process only: afterwards `import pulumi` in it gives an empty package.
    """
    spec = find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the pulumi package is not installed in this environment")
    base = Path(spec.origin).parent
    for name in _PARENTS:
        bare = ModuleType(name)
        bare.__path__ = [str(base.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = bare
    for name in _UNWANTED:
        sys.modules[name] = None  # pyright: ignore[reportArgumentType] - "not importable"
