"""Import Pulumi's protocol messages without the SDK around them: a third of the start time."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def install() -> None:
    """Register empty parent packages, so that only `pulumi.runtime.proto` is ever executed.

    For a plugin process only: afterwards `import pulumi` in it gives an empty package.
    """
    spec = find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the pulumi package is not installed in this environment")
    base = Path(spec.origin).parent
    for name, folder in (("pulumi", base), ("pulumi.runtime", base / "runtime")):
        bare = ModuleType(name)
        bare.__path__ = [str(folder)]
        sys.modules[name] = bare
