"""Where a path of a Debian package lies once /bin, /sbin and /lib are links into /usr."""

import posixpath

MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


def canonical(path: str) -> str:
    """The one name of `path` in a merged file system, without leading slash; "" is the root.

    Raises ValueError for a path that climbs out of the root.
    """
    clean = posixpath.normpath("/" + path.lstrip("/"))
    if any(part == ".." for part in path.split("/")):
        raise ValueError(f"{path!r} climbs with '..'; a package path never does")
    relative = clean.lstrip("/")
    first = relative.split("/", 1)[0]
    return f"usr/{relative}" if first in MERGED else relative


def canonical_target(path: str, target: str) -> str:
    """The symlink target that still reaches the same file after `path` itself was moved.

    `path` is the link's name inside the package, before merging.
    """
    moved = canonical(path)
    if target.startswith("/") or moved == posixpath.normpath("/" + path).lstrip("/"):
        return target
    reached = posixpath.normpath(posixpath.join("/", posixpath.dirname(path), target))
    return posixpath.relpath("/" + canonical(reached), "/" + posixpath.dirname(moved))
