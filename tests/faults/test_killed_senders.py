"""Senders that are killed or frozen: nothing is lost, and a second copy is counted and flagged."""

import datetime as dt
import signal
import time

import pytest

from tests.faults.scene import Scene
from tests.faults.table import says, sized

pytestmark = pytest.mark.one_risk
CLAIMED_AGAIN = "SELECT count(*) FROM bookings_message WHERE lease > 1"
SENDING = "SELECT count(*) FROM bookings_message WHERE state = 'sending'"
UNKNOWN = "SELECT count(*) FROM bookings_message WHERE state = 'unknown'"
SENT = "SELECT count(*) FROM bookings_message WHERE state = 'sent'"
UNSENT = "SELECT count(*) FROM bookings_message WHERE state IN ('owed', 'sending')"
WAVE = 20_000  # seconds of the clinic after which the next dozen falls due
MARKED = "SELECT count(*) FROM faults_mark"


def test_senders_killed_at_random_lose_nothing(scene: Scene):
    messages, seconds = sized((60, 2.0), (1500, 80.0))
    every, kills = sized((0.1, 20), (0.3, 255))
    scene.whole_load(messages, seconds=seconds, bookings=sized(5.0, 5.0))
    scene.send_with(sized(4, 10))
    for _kill in range(kills):
        time.sleep(every)
        scene.kill_one()
    scene.wait_for_load()
    scene.fresh_senders()
    scene.drain()
    found = scene.outcome()
    inside = scene.count(CLAIMED_AGAIN)
    says(found.row("senders killed at random", kills, f"{inside} e-mails claimed again"))
    assert inside >= kills / 20, "no kill fell inside a lease"
    found.holds()
    assert found.copies <= sized(kills / 2, 0.03 * messages)


def killed(scene: Scene, when: str, *, times: int, visits: int = 0, **options) -> int:
    """The senders of so many e-mails are killed, each once, just before or just after the last dot.

    How many were: where the dot comes in one packet with what is before it, there is no "just before".
    """
    visits = visits or times
    scene.visits(visits)
    scene.sink.behaves(kills=when, kills_at_most=times)
    scene.send_with(sized(2, 3), at_once=1, patient=True, **options)
    scene.wait_for(
        lambda: scene.sink.bites()[f"killed {when}"] == times or scene.count(SENT) == visits
    )
    scene.fresh_senders()
    scene.drain()
    return scene.sink.bites()[f"killed {when}"]


def test_killed_just_after_the_dot_each_e_mail_has_a_second_copy_with_a_flag(scene: Scene):
    times = sized(6, 200)
    assert killed(scene, "after", times=times) == times
    found = scene.outcome()
    says(found.row("killed just after the dot", times))
    found.holds()
    assert (found.copies, found.flagged) == (times, times)


def test_without_the_mark_the_second_copy_has_no_flag(scene: Scene):
    killed(scene, "after", times=3, without=("mark",))
    found = scene.outcome()
    says(found.row("- twin: no mark before the dot", 3, f"{len(found.unflagged)} without a flag"))
    assert found.unflagged


def test_killed_just_before_the_dot_no_e_mail_has_a_second_copy(scene: Scene):
    times = sized(6, 200)
    kills = killed(scene, "before", times=times, visits=2 * times)
    found = scene.outcome()
    says(found.row("killed just before the dot", kills))
    assert kills == times
    found.holds()
    assert found.copies == 0


def test_killed_between_the_mark_and_the_dot_twice_staff_are_asked(scene: Scene):
    times = sized(3, 50)
    scene.visits(times)
    scene.send_with(sized(2, 3), at_once=1, dies_when_marked=True)
    scene.wait_for(lambda: scene.count(MARKED) == times)
    scene.fresh_senders()
    scene.wait_for(lambda: scene.count(MARKED) == 2 * times)
    scene.fresh_senders()
    scene.wait_for(lambda: scene.count(UNKNOWN) == times)
    found = scene.outcome()
    kills = scene.count(MARKED)
    says(found.row("killed between mark and dot, twice", kills, f"{times} left to staff"))
    found.holds()
    assert (kills, found.accepted) == (2 * times, 0)


# --- Frozen ----------------------------------------------------------------------------------------


def frozen(scene: Scene, *, rounds: int, **options) -> int:
    """Senders are frozen with claimed e-mails in their hands, and wake when others have had these.

    How many e-mails others have taken from them.
    """
    spread = rounds * 2 * WAVE
    scene.visits(rounds * 24, over=spread / scene.clock.times, together=12)
    scene.sink.behaves(answers_after=0.15)
    scene.send_with(2, at_once=6, patient=True, **options)
    for _round in range(rounds):
        scene.wait_for(lambda: caught(scene))
        asleep, scene.senders = scene.senders, []
        for _each in asleep:
            scene.another_sender()
        scene.wait_for(lambda: scene.count(SENDING + " AND lease = 1") == 0)
        scene.wait_for(lambda: scene.count(SENDING) == 0)
        for pid in asleep:
            scene.nursery.signal(pid, signal.SIGCONT)
        time.sleep(1.0)
        for pid in scene.senders:
            scene.nursery.kill(pid)
        scene.senders = asleep
    scene.wait_for(lambda: scene.count(UNSENT) == 0)
    scene.clock.jump(dt.timedelta(seconds=spread))  # what nobody had to be caught with
    scene.drain()
    return scene.count(CLAIMED_AGAIN)


def caught(scene: Scene) -> bool:
    """Whether all senders are frozen now, and hold some e-mails; else they go on.

    Where all is sent, the clock jumps to the next dozen.
    """
    if scene.count(SENDING) < 4:
        if scene.count(UNSENT) == 0:
            scene.clock.jump(dt.timedelta(seconds=WAVE))
            scene.wait_for(lambda: scene.count(UNSENT))
        return False
    for pid in scene.senders:
        scene.nursery.signal(pid, signal.SIGSTOP)
    if scene.count(SENDING) >= 3:
        return True
    for pid in scene.senders:
        scene.nursery.signal(pid, signal.SIGCONT)
    return False


def test_senders_frozen_past_their_lease_leave_the_e_mails_to_others(scene: Scene):
    rounds = sized(1, 8)
    taken = frozen(scene, rounds=rounds)
    found = scene.outcome()
    says(found.row("senders frozen past their lease", taken, f"{rounds * 2} times frozen"))
    assert taken > 0
    found.holds()


def test_without_the_fence_a_frozen_sender_sends_what_others_have_sent(scene: Scene):
    scene.clock.runs(times=12.0)  # its round, of 8 s, is not over when it wakes
    taken = frozen(scene, rounds=1, without=("fence",))
    scene.wait_for(lambda: max(scene.sink.accepted().values()) > 1)
    found = scene.outcome()
    says(found.row("- twin: no fence", taken, f"{len(found.unflagged)} without a flag"))
    assert found.unflagged
