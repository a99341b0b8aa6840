"""Many senders at one moment, and everything at once."""

import signal
import time

import pytest

from tests.faults import load
from tests.faults.scene import Scene
from tests.faults.table import Row, says, sized

pytestmark = pytest.mark.one_risk
SEEDS = sized([1], [1, 2, 3])


def race(scene: Scene, *, senders: int, rounds: int, every: float, without: tuple[str, ...] = ()):
    """One e-mail falls due at each moment, and all senders ask for it then; how many asked in time."""
    scene.clock.runs(times=1)
    scene.visits(rounds)
    begin = time.time() + 1.5 + senders * 0.03
    moments = [begin + number * every for number in range(rounds)]
    scene.note_all()
    scene.owner.execute(
        "UPDATE bookings_message SET next_try_at = to_timestamp(%s + %s * (id - first)) - %s"
        " FROM (SELECT min(id) AS first FROM bookings_message) AS of_all",
        [begin, every, scene.clock.behind()],
    )
    racers = [scene.races(at=moments, without=without) for _sender in range(senders)]
    for pid in racers:
        assert scene.nursery.wait(pid, seconds=rounds * every + 120) == 0
    asked = [line["late"] for log in scene.folder.glob("racer*.log") for line in load.told(log)]
    return sum(late < 0.05 for late in asked)


def test_of_fifty_senders_one_sends(scene: Scene):
    senders, rounds = sized((12, 4), (50, 200))
    asked = race(scene, senders=senders, rounds=rounds, every=sized(0.4, 1.0))
    scene.send_with(1)
    scene.drain()
    found = scene.outcome()
    says(found.row(f"{senders} senders on one e-mail", rounds, f"{asked} asked within 50 ms"))
    assert asked > rounds * senders / 4, "they did not come together"
    found.holds()
    assert (found.accepted, found.copies) == (rounds, 0)


def test_without_the_lease_several_send(scene: Scene):
    asked = race(scene, senders=8, rounds=2, every=0.5, without=("lease",))
    copies = sum(scene.sink.accepted().values()) - len(scene.sink.accepted())
    says(Row("- twin: no lease and no fence", 2, "-", copies, besides=f"{asked} asked"))
    assert copies > 0


# --- All of it at once -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_all_of_it_at_once(scene: Scene, seed: int):
    messages, seconds = sized((60, 3.0), (1000, 60.0))
    scene.dice.seed(seed)
    scene.sink.behaves(
        later=0.1,
        slow_before=[0.02, 3.0],
        slow_after=[0.02, 3.0],
        closes_in_data=0.03,
        accepts_then_drops=0.03,
        seed=seed,
    )
    scene.whole_load(messages, seconds=seconds, bookings=5.0)
    scene.send_with(sized(4, 10))
    kills = havoc(scene, seconds=seconds)
    scene.wait_for_load()
    scene.drain(seconds=300)
    found = scene.outcome()
    bites = scene.sink.bites()
    faults = kills + sum(bites.values()) - bites["accepted"]
    asked = f"{found.states['unknown']} unknown, {found.states['gave_up']} given up"
    says(found.row(f"all of it at once, seed {seed}", faults, asked))
    assert kills > 0 and len(bites) > sized(3, 5)
    found.holds()


def havoc(scene: Scene, *, seconds: float) -> int:
    """Kills and freezes senders by chance, and takes the mail server away once; how many were killed."""
    kills, until = 0, time.monotonic() + seconds
    away = time.monotonic() + seconds * 0.4
    while time.monotonic() < until:
        scene.sink.behaves(down=away < time.monotonic() < away + seconds * 0.2)
        asleep = scene.dice.choice(scene.senders)
        scene.nursery.signal(asleep, signal.SIGSTOP)
        time.sleep(sized(0.15, 0.3))
        scene.kill_one()
        kills += 1
        if asleep in scene.senders and scene.dice.random() < 0.8:
            scene.nursery.signal(asleep, signal.SIGCONT)
    for pid in scene.senders:
        scene.nursery.signal(pid, signal.SIGCONT)
    scene.sink.behaves(down=False)
    return kills
