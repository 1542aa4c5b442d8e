"""The small files that make a tree of programs a system: users, names, temporary folder."""

from collections.abc import Iterable

from ballast.supply.entry import Bytes, Entry, directory, file, symlink
from ballast.supply.image_spec import User

LINKED = ("bin", "lib", "lib64", "sbin")
ROOT = User(name="root", uid=0, gid=0, home="/root")
NOBODY = User(name="nobody", uid=65534, gid=65534, home="/nonexistent")


def account_entries(users: Iterable[User]) -> list[Entry]:
    """/etc/passwd, /etc/group and /etc/nsswitch.conf with root, nobody and the given users."""
    everyone = [ROOT, *users]
    if all(user.uid != NOBODY.uid for user in everyone):
        everyone.append(NOBODY)
    passwd = "".join(f"{u.name}:x:{u.uid}:{u.gid}:{u.name}:{u.home}:/bin/sh\n" for u in everyone)
    groups = {user.gid: user.name for user in reversed(everyone)}
    group = "".join(f"{groups[gid]}:x:{gid}:\n" for gid in sorted(groups))
    return [
        file("etc/passwd", Bytes(passwd.encode())),
        file("etc/group", Bytes(group.encode())),
        file("etc/nsswitch.conf", Bytes(b"passwd: files\ngroup: files\nhosts: files dns\n")),
    ]


def system_entries() -> list[Entry]:
    """The links of a merged /usr, and folders that programs take for granted."""
    return [
        *(symlink(name, f"usr/{name}") for name in LINKED),
        *(directory(f"usr/{name}") for name in LINKED),
        symlink("var/run", "/run"),
        directory("var/tmp", 0o1777),
        directory("run"),
    ]
