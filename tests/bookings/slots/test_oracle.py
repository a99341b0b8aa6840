"""The quick free times are those of the slow and obvious oracle, and `explain` agrees with both.

ORACLE_EXAMPLES=5000 makes up that many clinics for each test instead of a few.
"""

import datetime as dt
import os
from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.slots import Reason, explain, free_times
from tests.bookings.slots.oracle import MINUTE, Oracle
from tests.bookings.slots.strategies import Asked, questions, some_minutes

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "60"))
often = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def edges(asked: Asked) -> Iterator[dt.datetime]:
    """Starts that just do, or just do not, keep out of the way of something."""
    rules = asked.rules
    yield rules.horizon(asked.now)
    for one in [*rules.openings, *rules.closures, *rules.elsewhere, *asked.taken]:
        yield from (one.starts_at, one.ends_at, one.starts_at - rules.length)
        yield one.starts_at - rules.length - rules.after
    for visit in asked.taken:
        yield visit.ends_at + max(visit.after, rules.before)
        yield visit.starts_at - max(visit.before, rules.after) - rules.length


@often
@given(asked=questions())
def test_the_free_times_are_those_of_the_oracle(asked: Asked):
    oracle = Oracle(asked.rules, asked.taken, asked.now)
    between = {"not_before": asked.not_before, "not_after": asked.not_after}
    found = free_times(asked.rules, asked.taken, now=asked.now, **between)
    assert found == oracle.free_times(**between)


@often
@given(asked=questions(), data=st.data())
def test_explain_gives_the_oracles_reasons_and_none_for_what_is_offered(asked: Asked, data):
    oracle = Oracle(asked.rules, asked.taken, asked.now)
    offered = set(free_times(asked.rules, asked.taken, now=asked.now, not_after=asked.not_after))
    reach = asked.not_after - asked.not_before
    random = [
        asked.not_before + data.draw(some_minutes(0, reach // MINUTE)) for _number in range(4)
    ]
    for start in {*sorted(offered)[:4], *random, *edges(asked)}:
        because = explain(asked.rules, asked.taken, start, now=asked.now)
        assert {one.reason for one in because} == set(oracle.reasons(start))
        if start <= asked.not_after:
            assert (because == []) == (start in offered)


@often
@given(asked=questions(), data=st.data())
def test_a_narrow_question_has_the_same_answer_as_a_wide_one(asked: Asked, data):
    rules, taken, now = asked.rules, asked.taken, asked.now
    everything = free_times(rules, taken, now=now, not_after=asked.not_after)
    ends = data.draw(st.lists(st.sampled_from([*everything, asked.not_before]), max_size=2))
    first, last = min(ends, default=now), max(ends, default=asked.not_after)
    narrow = free_times(rules, taken, now=now, not_before=first, not_after=last)
    assert narrow == [start for start in everything if first <= start <= last]


def test_the_clinics_made_up_meet_every_reason_and_often_offer_something():
    """Or the tests above show less than they say."""
    met: set[Reason] = set()
    offering = 0

    @settings(max_examples=100, deadline=None, database=None, derandomize=True)
    @given(asked=questions())
    def meet(asked: Asked) -> None:
        nonlocal offering
        oracle = Oracle(asked.rules, asked.taken, asked.now)
        offering += bool(free_times(asked.rules, asked.taken, now=asked.now))
        for start in {asked.not_before, *edges(asked)}:
            met.update(oracle.reasons(start))

    meet()
    assert met == set(Reason)
    assert offering > 50
