"""A Celery worker's tree killed again and again, and five beats at once: nothing is lost, nothing sent twice."""

import random
import time

import pytest
import redis

from clinic import celery
from tests import processes
from tests.faults import parts
from tests.faults.table import says, sized

pytestmark = pytest.mark.one_risk
KILLS = sized(1, 20)
SENDING = "SELECT count(*) FROM bookings_message WHERE state = 'sending'"
BEATS = sized(3, 5)
LOOKED_FOR, FALL_TOGETHER = 8.0, 4  # seconds; tasks of longer rhythms that may fall into them
ONE_BEAT = sum(
    1 / each["schedule"]
    for each in celery.app.conf.beat_schedule.values()
    if isinstance(each["schedule"], float)
)  # tasks a second


def test_a_workers_tree_that_is_killed_loses_nothing(scene, mail_server, broker, tmp_path):
    """It alone sends; a lease that it left behind is over before the next one is ready, or soon after."""
    env = parts.environment(scene.database, mail_server, REDIS_URL=broker)
    dice, bites, slowest = random.Random(1), 0, 0.0
    scene.visits(sized(120, 1500), over=sized(8.0, 60.0))
    with parts.parts(env, tmp_path) as clinic:
        clinic.beat()
        for _kill in range(KILLS):
            began = time.monotonic()
            worker, _log = clinic.worker()
            scene.wait_for(lambda: scene.count(SENDING))
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(dice.uniform(0, 0.4))
            parts.kill_tree(worker)
            bites += scene.count(SENDING) > 0
        clinic.worker()
        scene.drain(seconds=180)
    found = scene.outcome()
    says(found.row(f"Celery worker's tree killed {KILLS} times", bites, "while it held a lease"))
    assert bites >= KILLS / 2
    found.holds(overdue_at_most=10 + slowest)  # nobody else was there meanwhile


def test_five_beats_and_loops_beside_send_no_second_copy(scene, mail_server, broker, tmp_path):
    env = parts.environment(scene.database, mail_server, REDIS_URL=broker)
    asked, seconds = redis.Redis.from_url(broker.replace("redis+socket", "unix")), sized(4.0, 40.0)
    with parts.parts(env, tmp_path) as clinic:
        for _each in range(BEATS):
            clinic.beat()
        clinic.worker()
        processes.wait_until(lambda: published(asked) >= 2 * BEATS, what="ticks of all beats")
        scene.visits(sized(100, 1500), over=seconds)
        scene.send_with(2)
        began, before = time.monotonic(), published(asked)
        scene.drain(seconds=120)
        time.sleep(max(0.0, began + LOOKED_FOR - time.monotonic()))
        ticks, took = published(asked) - before, time.monotonic() - began
    found = scene.outcome()
    one = f"in {took:.0f} s, of one beat {ONE_BEAT * took:.0f}"
    says(found.row(f"{BEATS} beats, a worker and 2 loops", ticks, f"tasks {one}"))
    assert ticks > ONE_BEAT * took + FALL_TOGETHER
    found.holds()
    assert found.copies == found.flagged == 0


def published(asked: redis.Redis) -> int:
    """How many tasks the beats have put into the queue so far."""
    return asked.info("commandstats").get("cmdstat_lpush", {}).get("calls", 0)
