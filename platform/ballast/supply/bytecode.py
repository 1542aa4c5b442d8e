"""Compiles the Python files of an image before it starts, so that no start pays for it."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from ballast.errors import BallastError
from ballast.supply.debian_tree import unpack
from ballast.supply.entry import Entry, FileContent, directory, file
from ballast.supply.host_root import ensure_host_root

# Run by the image's own Python. Files are compiled in sorted order by one process with a fixed
# hash seed, and name their place in the image, so the same sources give the same bytes.
_COMPILE = """
import os, py_compile, sys
root, prefix = sys.argv[1:]
for folder, folders, files in os.walk(root):
    folders.sort()
    for name in sorted(files):
        if name.endswith('.py'):
            path = os.path.join(folder, name)
            shown = prefix + path[len(root):]
            try:
                py_compile.compile(path, dfile=shown, doraise=True, quiet=1,
                    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
            except (py_compile.PyCompileError, SyntaxError, ValueError):
                print('left as source:', shown)
"""


class BytecodeError(BallastError):
    """The image's Python could not compile what goes into the image."""


def with_bytecode(entries: Iterable[Entry], prefix: str, scratch: Path) -> list[Entry]:
    """The entries, all under `prefix`, and the compiled form of each Python file among them.

    Sources that this Python does not understand (templates, tests of other versions) stay as they
    are. `scratch` must outlive the entries.
    """
    originals = list(entries)
    copy = scratch / "sources"
    sources = [e for e in originals if e.path.endswith(".py") and e.content is not None]
    unpack(sources, copy)
    top = copy / prefix.strip("/")
    if not top.is_dir():
        return originals
    compile_folder(top, "/" + prefix.strip("/"))
    compiled = [
        file(path.relative_to(copy).as_posix(), FileContent.whole(path))
        for path in sorted(copy.rglob("*.pyc"))
    ]
    folders = {entry.path.rpartition("/")[0] for entry in compiled}
    return [*originals, *(directory(path) for path in sorted(folders)), *compiled]


def compile_folder(folder: Path, prefix: str) -> None:
    """Write __pycache__ beside each source under `folder`, as if it lay at `prefix`."""
    root = ensure_host_root("python")
    done = subprocess.run(
        [str(root / "bin" / "python3.11"), "-S", "-c", _COMPILE, str(folder), prefix],
        env={
            "PATH": os.defpath,
            "PYTHONHOME": str(root / "usr"),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BytecodeError(
            f"compiling Python for {prefix} failed: {done.stderr.strip()[-400:]}",
            "build again; when it repeats, `ballast supply relock` may have chosen a broken Python",
        )
