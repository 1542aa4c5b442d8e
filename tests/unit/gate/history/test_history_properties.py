"""Whatever the reference model does is clean, and each single change of it is caught."""

import random

import pytest
from history_model import WITHIN, World, acknowledged, world
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ballast.gate.history.check import check
from ballast.gate.history.effects import SOURCES, ServiceEffect
from ballast.gate.history.findings import Findings, Violation
from ballast.gate.history.operations import WRITES, Kind, Operation, Result

SEEDS = st.integers(0, 2**32)
MANY = settings(max_examples=60, deadline=None)


def run(seeded: World) -> Findings:
    return check(seeded.operations, seeded.effects, within=WITHIN, tallies=seeded.tallies)


def causes(seeded: World) -> dict[str, Operation]:
    """The acknowledged operation of each effect, by the effect's id."""
    of_task = {(each.task, each.kind): each for each in seeded.operations if each.task}
    of_key = {each.key: each for each in seeded.operations}
    found = {
        each.id: of_key.get(each.key) or of_task.get((each.task, each.kind))
        for each in seeded.effects
    }
    return {
        number: cause
        for number, cause in found.items()
        if cause is not None and cause.result is Result.ACKNOWLEDGED
    }


def caused(seeded: World) -> list[ServiceEffect]:
    known = causes(seeded)
    return [each for each in seeded.effects if each.id in known]


@given(SEEDS, st.integers(1, 120), st.integers(1, 4))
@MANY
def test_a_history_of_the_model_is_clean(seed: int, operations: int, users: int):
    assert run(world(seed, operations, users)).examples == {}


@given(SEEDS)
@MANY
def test_the_order_of_lines_in_a_history_does_not_matter(seed: int):
    seeded = world(seed)
    random.Random(seed).shuffle(seeded.operations)
    assert run(seeded).examples == {}


@given(SEEDS, st.data())
@MANY
def test_a_missing_effect_is_lost(seed: int, data: st.DataObject):
    seeded = world(seed)
    gone = data.draw(st.sampled_from(caused(seeded)))
    seeded.effects.remove(gone)
    assert run(seeded).counts == {Violation.LOST: 1}


@given(SEEDS, st.data())
@MANY
def test_an_effect_made_twice_is_duplicated(seed: int, data: st.DataObject):
    seeded = world(seed)
    again = data.draw(st.sampled_from(seeded.effects))
    seeded.effects.append(again._replace(id="again"))
    assert run(seeded).counts == {Violation.DUPLICATED: 1}


@given(SEEDS, st.data())
@MANY
def test_an_effect_of_no_operation_is_a_phantom(seed: int, data: st.DataObject):
    seeded = world(seed)
    stray = data.draw(st.sampled_from(seeded.effects))
    place = data.draw(st.integers(0, len(seeded.effects)))
    # Neither its task nor its key is of this history.
    seeded.effects.insert(place, stray._replace(task="stray", key=stray.key and "stray"))
    assert run(seeded).counts == {Violation.PHANTOM: 1}


@given(SEEDS, st.data())
@MANY
def test_an_effect_after_the_stated_time_is_late(seed: int, data: st.DataObject):
    seeded = world(seed)
    late = data.draw(st.sampled_from(caused(seeded)))
    at = causes(seeded)[late.id].completed + WITHIN + 0.001
    seeded.effects[seeded.effects.index(late)] = late._replace(at=at)
    assert run(seeded).counts == {Violation.LATE: 1}


@given(SEEDS, st.sampled_from(SOURCES), st.booleans(), st.data())
@MANY
def test_effects_that_change_places_are_reordered(seed, source, by_sequence, data):
    seeded = world(seed)
    known = causes(seeded)
    effects = [each for each in caused(seeded) if each.service == source.service]

    def stream(each: ServiceEffect) -> str:
        return each.user if source.ordered_within == "user" else each.task

    pairs = [
        (one, other)
        for place, one in enumerate(effects)
        for other in effects[place + 1 :]
        if stream(one) == stream(other) and known[one.id].completed < known[other.id].invoked
    ]
    assume(pairs)
    one, other = data.draw(st.sampled_from(pairs))
    first, second = seeded.effects.index(one), seeded.effects.index(other)
    if by_sequence:
        seeded.effects[first] = one._replace(sequence=other.sequence)
        seeded.effects[second] = other._replace(sequence=one.sequence)
    else:
        seeded.effects[first], seeded.effects[second] = other, one
    assert set(run(seeded).counts) == {Violation.REORDERED}


def least(seeded: World, read: Operation, *kinds: Kind) -> int:
    """By the definition: the highest version that was known of the task before the read."""
    earlier = [
        each
        for each in acknowledged(seeded.operations, *kinds)
        if each.user == read.user and each.completed < read.invoked
    ]
    lists = [each.seen.get(read.task, 0) for each in earlier]
    return max([0, *lists, *(each.version for each in earlier if each.task == read.task)])


def reads_above(seeded: World, number: int) -> list[Operation]:
    """Reads of a task that is there, before which such a version was known."""
    reads = acknowledged(seeded.operations, Kind.READ)
    return [each for each in reads if each.version and least(seeded, each, *WRITES) > number]


@given(SEEDS, st.data())
@MANY
def test_a_read_below_an_own_write_misses_it(seed: int, data: st.DataObject):
    seeded = world(seed)
    reads = reads_above(seeded, 1)
    assume(reads)
    read = data.draw(st.sampled_from(reads))
    version = data.draw(st.integers(1, least(seeded, read, *WRITES) - 1))
    seeded.operations[seeded.operations.index(read)] = read._replace(version=version)
    assert run(seeded).counts == {Violation.READ_YOUR_WRITES: 1}


@given(SEEDS, st.data())
@MANY
def test_a_read_below_an_earlier_read_goes_back(seed: int, data: st.DataObject):
    seeded = world(seed, 60, 1, [Kind.UPDATE, Kind.READ])
    reads = [
        each
        for each in reads_above(seeded, 0)
        if max(1, least(seeded, each, *WRITES)) < least(seeded, each, Kind.READ, Kind.LIST)
    ]
    assume(reads)
    read = data.draw(st.sampled_from(reads))
    low, high = least(seeded, read, *WRITES), least(seeded, read, Kind.READ, Kind.LIST)
    version = data.draw(st.integers(max(1, low), high - 1))
    seeded.operations[seeded.operations.index(read)] = read._replace(version=version)
    assert run(seeded).counts == {Violation.MONOTONIC_READS: 1}


@given(SEEDS, st.data())
@MANY
def test_a_whole_list_that_leaves_a_task_out_misses_it(seed: int, data: st.DataObject):
    seeded = world(seed)
    places = [
        (number, task)
        for number, listed in enumerate(seeded.operations)
        if listed.kind is Kind.LIST and not listed.more
        for task in listed.seen
        if least(seeded, listed._replace(task=task), *WRITES)
        and not _deletion_before(seeded, task, listed.completed)
    ]
    assume(places)
    number, task = data.draw(st.sampled_from(places))
    listed = seeded.operations[number]
    seen = {name: version for name, version in listed.seen.items() if name != task}
    seeded.operations[number] = listed._replace(seen=seen)
    assert run(seeded).counts == {Violation.READ_YOUR_WRITES: 1}


def _deletion_before(seeded: World, task: str, at: float) -> bool:
    return any(
        each.kind is Kind.DELETE
        and each.task == task
        and each.result is not Result.FAILED
        and each.invoked < at
        for each in seeded.operations
    )


@pytest.mark.parametrize("surplus", [-1, 1])
@given(seed=SEEDS)
@MANY
def test_a_tally_beyond_what_happened_is_caught(seed: int, surplus: int):
    seeded = world(seed)
    unsure = {(each.user, each.kind) for each in seeded.operations if each.result is Result.UNKNOWN}
    exact = [
        place
        for place, tally in enumerate(seeded.tallies)
        if tally.number and (tally.user, tally.kind) not in unsure
    ]
    assume(exact)
    tally = seeded.tallies[exact[0]]
    seeded.tallies[exact[0]] = tally._replace(number=tally.number + surplus)
    expected = Violation.LOST if surplus < 0 else Violation.PHANTOM
    assert run(seeded).counts == {expected: 1}
