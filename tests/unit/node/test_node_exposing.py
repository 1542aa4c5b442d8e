import json

import pytest

from ballast.node import exposing
from ballast.node.errors import NodeError
from ballast.node.layout import Layout

WANTED = {18004: ("10.96.0.9", 8004), 16443: ("10.89.0.2", 6443)}


def applied(layout: Layout, served: dict[int, tuple[str, int]], problems: dict[int, str]) -> None:
    layout.run.mkdir(parents=True)
    report = {"wanted": WANTED, "served": served, "problems": problems}
    layout.forwards_applied.write_text(json.dumps(report))


def test_forwards_survive_their_file(tmp_path):
    layout = Layout(tmp_path)
    exposing.write_forwards(layout, WANTED)
    assert exposing.wanted_forwards(layout) == WANTED


def test_a_new_node_has_no_forwards(tmp_path):
    assert exposing.wanted_forwards(Layout(tmp_path)) == {}


def test_a_stopped_node_exposes_nothing(tmp_path):
    with pytest.raises(NodeError, match="not running"):
        exposing.running_api_forward(Layout(tmp_path))


def test_a_start_takes_over_every_other_forward(tmp_path):
    layout = Layout(tmp_path)
    exposing.write_forwards(layout, {17000: ("10.89.0.2", 6443), 18004: ("10.96.0.9", 8004)})
    assert exposing.remembered_forwards(layout) == {18004: ("10.96.0.9", 8004)}


def test_all_served_is_enough(tmp_path):
    layout = Layout(tmp_path)
    applied(layout, WANTED, {})
    exposing.await_forwards(layout, WANTED, WANTED)


def test_a_taken_port_is_named_with_its_reason(tmp_path):
    layout = Layout(tmp_path)
    applied(layout, exposing.api_forward(16443), {18004: "Address already in use"})
    with pytest.raises(NodeError, match=r"18004 \(Address already in use\)"):
        exposing.await_forwards(layout, WANTED, WANTED)


def test_a_taken_port_that_is_not_required_does_not_stop_a_start(tmp_path):
    layout = Layout(tmp_path)
    applied(layout, exposing.api_forward(16443), {18004: "Address already in use"})
    exposing.await_forwards(layout, WANTED, exposing.api_forward(16443))


def test_a_forwarder_that_says_nothing_is_an_error(tmp_path):
    with pytest.raises(NodeError, match="did not take over"):
        exposing.await_forwards(Layout(tmp_path), WANTED, WANTED, seconds=0)
