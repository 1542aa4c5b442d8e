"""How to start one of our own standard-library programs with a small, fast interpreter."""

import sys

from ballast.paths import repository_root

_START = (
    "import sys; sys.path.insert(0, {platform!r}); "
    "from {module} import main; sys.exit(main({arguments}))"
)


def isolated(module: str, arguments: str) -> list[str]:
    """Command line that calls `module.main(<arguments>)` without site packages.

    `arguments` is the Python text of the call, such as `sys.argv[1]`.
    """
    platform = str(repository_root() / "platform")
    start = _START.format(platform=platform, module=module, arguments=arguments)
    return [sys.executable, "-I", "-S", "-c", start]
