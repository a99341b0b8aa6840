"""Many senders at one moment, and everything at once."""

import signal
import time

import pytest

from tests.faults.scene import PATIENCE, Scene
from tests.faults.table import Row, says, sized
from tests.faults.workers import RACES

pytestmark = pytest.mark.one_risk
SEEDS = sized([1], [1, 2, 3])


def race(scene: Scene, *, senders: int, rounds: int, without: tuple[str, ...] = ()) -> int:
    """One e-mail falls due in each round, and all senders ask for it at once; how many asked in all."""
    scene.visits(rounds)
    scene.note_all()
    scene.owner.execute(
        "UPDATE bookings_message SET next_try_at = clinic_now() + interval '9 days'"
    )
    scene.owner.execute("SELECT pg_advisory_lock(%s, 0)", [RACES])
    racers = [scene.races(rounds=rounds, without=without) for _sender in range(senders)]
    for number in range(rounds):
        scene.owner.execute("SELECT pg_advisory_lock(%s, %s)", [RACES, number + 1])
        scene.wait_for(lambda number=number: waiting(scene, number) == senders)
        scene.owner.execute(NEXT_IS_DUE, [number])
        scene.owner.execute("SELECT pg_advisory_unlock(%s, %s)", [RACES, number])
    for pid in racers:
        assert scene.nursery.wait(pid, seconds=PATIENCE) == 0
    return senders * rounds


NEXT_IS_DUE = """UPDATE bookings_message SET next_try_at = clinic_now()
WHERE id = (SELECT id FROM bookings_message ORDER BY id OFFSET %s LIMIT 1)"""


def waiting(scene: Scene, number: int) -> int:
    return int(
        scene.count(
            f"SELECT count(*) FROM pg_locks WHERE classid = {RACES} AND objid = {number}"
            " AND NOT granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    )


def test_of_many_senders_one_sends(scene: Scene):
    senders, rounds = sized((10, 5), (50, 200))
    asked = race(scene, senders=senders, rounds=rounds)
    scene.send_with(1, patient=True)
    scene.drain()
    found = scene.outcome()
    says(found.row(f"{senders} senders on one e-mail", rounds, f"{asked} asked"))
    found.holds()
    assert (found.accepted, found.copies) == (rounds, 0)


def test_without_the_lease_several_send(scene: Scene):
    asked = race(scene, senders=6, rounds=2, without=("lease",))
    copies = sum(scene.sink.accepted().values()) - len(scene.sink.accepted())
    says(Row("- twin: no lease and no fence", 2, "-", copies, besides=f"{asked} asked"))
    assert copies > 0


# --- All of it at once -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_all_of_it_at_once(scene: Scene, seed: int):
    messages, seconds = sized((40, 2.0), (1000, 60.0))
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
    scene.drain()
    found = scene.outcome()
    bites = scene.sink.bites()
    faults = kills + sum(bites.values()) - bites["accepted"]
    asked = f"{found.states['unknown']} unknown, {found.states['gave_up']} given up"
    says(found.row(f"all of it at once, seed {seed}", faults, asked))
    assert kills > 0 and len(bites) > sized(2, 5)
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
