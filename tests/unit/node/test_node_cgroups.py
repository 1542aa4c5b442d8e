import os
from pathlib import Path

from ballast.node import cgroups
from ballast.node.cgroups import Hierarchy

HYBRID = """\
30 24 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
33 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
UNIFIED = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"


def unified_tree(path: Path, controllers: str) -> Hierarchy:
    path.mkdir(parents=True, exist_ok=True)
    (path / "cgroup.controllers").write_text(controllers)
    (path / "cgroup.subtree_control").write_text("")
    return Hierarchy(path, True, frozenset())


def test_a_hybrid_host_has_one_tree_per_controller_and_the_unified_one():
    found = cgroups.hierarchies(HYBRID)
    assert [(tree.path.name, tree.unified) for tree in found] == [
        ("cpuset", False),
        ("cpu,cpuacct", False),
        ("unified", True),
    ]
    assert {"cpu", "cpuacct"} <= found[1].controllers


def test_a_version_2_host_has_one_tree():
    assert [(str(tree.path), tree.unified) for tree in cgroups.hierarchies(UNIFIED)] == [
        ("/sys/fs/cgroup", True)
    ]


def test_a_version_2_host_with_all_controllers_is_usable(tmp_path):
    assert cgroups.usable([unified_tree(tmp_path, "cpuset cpu io memory pids")])


def test_a_host_without_the_memory_controller_is_not_usable(tmp_path):
    assert not cgroups.usable([unified_tree(tmp_path, "cpuset cpu io pids")])


def test_a_version_2_group_hands_its_controllers_down_and_keeps_processes_in_a_leaf(tmp_path):
    tree = unified_tree(tmp_path, "cpuset cpu memory pids hugetlb")
    unified_tree(tmp_path / "ballast-x", "cpuset cpu memory pids")
    cgroups.create("ballast-x", [tree])
    enabled = (tmp_path / "ballast-x" / "cgroup.subtree_control").read_text()
    assert set(enabled.split()) == {"+cpuset", "+cpu", "+memory", "+pids"}
    leaf = tmp_path / "ballast-x" / "system" / "cgroup.procs"
    assert leaf.read_text() == str(os.getpid())


def test_a_version_1_cpuset_is_filled_before_a_process_enters(tmp_path):
    (tmp_path / "cpuset.cpus").write_text("0-1\n")
    (tmp_path / "cpuset.mems").write_text("0\n")
    cgroups.create("ballast-x", [Hierarchy(tmp_path, False, frozenset({"cpuset"}))])
    assert (tmp_path / "ballast-x/system/cpuset.cpus").read_text() == "0-1\n"


def test_removing_what_is_not_there_is_no_error(tmp_path):
    assert cgroups.remove("ballast-x", [Hierarchy(tmp_path, False, frozenset())]) == []
