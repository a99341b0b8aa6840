"""A visit that is cancelled while its e-mail is on the wire: no mark follows the cancellation."""

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

import bookings.actions
from bookings.models import Consultation
from clinic import clock
from tests.faults.scene import PATIENCE, Scene
from tests.faults.table import says, sized

pytestmark = pytest.mark.one_risk
PAUSE = 0.05  # seconds, in the transaction of each mark, before it commits


def cancel(email: str, *, after: float) -> None:
    time.sleep(after)
    try:
        visit = Consultation.objects.get(email=email)
        bookings.actions.cancel(consultation=visit, now=clock.now(), by_patient=False)
    finally:
        connections.close_all()


def cancelled_in_data(scene: Scene, *, times: int, **options) -> int:
    """Each visit is cancelled some milliseconds after DATA began for its confirmation; how many."""
    scene.visits(times, pause=PAUSE)
    scene.sink.behaves(tells=True, slow_before=[1.0, 0.08])
    scene.send_with(2, at_once=1, patient=True, **options)
    dice, told, seen = random.Random(1), scene.sink.path.open(), set()
    until = time.monotonic() + PATIENCE
    with ThreadPoolExecutor(2) as pool:
        cancelling = []
        while len(seen) < times:
            assert time.monotonic() < until
            line = told.readline()
            if not line:
                time.sleep(0.0005)
                continue
            to = json.loads(line).get("to")
            if to and to not in seen:
                seen.add(to)
                cancelling.append(pool.submit(cancel, to, after=dice.uniform(0, 0.25)))
        for one in cancelling:
            one.result()
    told.close()
    scene.drain()
    return len(cancelling)


def test_a_cancellation_during_data_is_followed_by_no_mark(scene: Scene):
    times = sized(20, 500)
    bites = cancelled_in_data(scene, times=times)
    found = scene.outcome()
    before = found.states["dropped"]
    says(
        found.row("cancelled during DATA", bites, f"{before} held back, {found.may_have_left} left")
    )
    assert before and found.may_have_left, "all came too early, or too late"
    found.holds()


def test_without_the_lock_marks_follow_a_cancellation(scene: Scene):
    bites = cancelled_in_data(scene, times=sized(20, 60), without=("lock",))
    found = scene.outcome()
    says(found.row("- twin: no lock on the visit", bites))
    assert found.marked_after_the_end > 0
