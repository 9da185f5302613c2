"""When the node collects garbage, and when it counts what is free."""

import itertools

import pytest

from hullnode.collector import Collector

SLOT_US = 100_000
TAKES_US = 20_000


class Slots:
    """A sampler's deadlines: `slack_us` after a trigger, by the test's hand."""

    def __init__(self, slack_us):
        self.left_us = slack_us

    def slack_us(self):
        return self.left_us


@pytest.fixture
def node(fakes):
    """(board, collector, what was done): a collection and a count take 20 ms each."""
    board = fakes.Board("/nowhere")
    board.collect_us = TAKES_US
    done = []
    collect = board.collect

    def counted():
        done.append("count")
        board.time.advance(TAKES_US)
        return 77

    def collected():
        done.append("collect")
        collect()

    board.collect = collected
    collector = Collector(board)
    board.heap_free = counted
    return board, collector, done


def polls(node, sampler, seconds):
    """A poll a slot; what was done in each that did something."""
    board, collector, done = node
    found = []
    for _ in range(seconds * 1_000_000 // SLOT_US):
        begun = board.time.us
        collector.poll(sampler)
        if done:
            found.append(tuple(done))
            done.clear()
        board.time.advance(SLOT_US - (board.time.us - begun))
    return found


def test_about_once_a_second_and_every_tenth_is_counted_at_once(node):
    done = polls(node, Slots(95_000), 60)
    assert 50 <= len(done) <= 60
    assert all(one[0] == "collect" for one in done)
    counts = [index for index, one in enumerate(done) if "count" in one]
    assert counts == list(range(0, len(done), 10))  # the first: it ends the start's garbage
    assert node[1].free == 77
    assert node[1].longest_us == TAKES_US


def test_where_there_is_not_time_for_both_the_count_has_a_slot_of_its_own(node):
    done = polls(node, Slots(4 * TAKES_US - 1), 60)
    assert {len(one) for one in done} == {1}
    at = [index for index, one in enumerate(done) if one == ("count",)]
    assert at[0] == 1
    assert {b - a for a, b in itertools.pairwise(at)} == {11}


def test_a_deadline_nearer_than_twice_the_last_collection_is_waited_out_for_half_a_second(node):
    sampler = Slots(95_000)
    polls(node, sampler, 3)
    sampler.left_us = 2 * TAKES_US - 1
    assert len(polls(node, sampler, 30)) in range(19, 23)  # every 1.5 s


def test_not_with_a_deadline_that_has_passed(node):
    assert polls(node, Slots(0), 30) == []


def test_without_a_sampler_nothing_is_in_the_way(node):
    assert 25 <= len(polls(node, None, 30)) <= 30
