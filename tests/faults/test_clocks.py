"""Senders whose own clocks are off by an hour or a day send the same e-mails at the same moments.

Only the database's clock counts: for what is due, for leases, and in the Date header (RFC 5322 section
3.6.1). The clocks are moved by libfaketime (Debian's package faketime).
"""

import datetime as dt
import re
import subprocess
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from bookings.models import Message, MessageState
from tests.faults import load, parts
from tests.faults.sink import number
from tests.faults.table import Row, says, sized

pytestmark = [pytest.mark.one_risk, pytest.mark.faketime]
SECONDS_10 = dt.timedelta(seconds=10)
OFFSETS = {
    "+1h": dt.timedelta(hours=1),
    "-1h": dt.timedelta(hours=-1),
    "+1d": dt.timedelta(days=1),
    "-1d": dt.timedelta(days=-1),
}
SENDING = "SELECT count(*) FROM bookings_message WHERE state = 'sending'"
# Each time that a row changed hands, or was let go of for somebody who died: how long its lease had been over. Less than nothing would be theft.
TAKEN = """
CREATE TABLE faults_taken (overdue interval);
CREATE FUNCTION faults_note_taken() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN INSERT INTO faults_taken VALUES (clinic_now() - OLD.lease_until); RETURN NULL; END $$;
CREATE TRIGGER faults_note_taken AFTER UPDATE ON bookings_message FOR EACH ROW
    WHEN (OLD.state = 'sending' AND (NEW.state = 'sending' AND NEW.lease <> OLD.lease
        OR NEW.state = 'owed' AND NEW.tries = OLD.tries AND NEW.next_try_at = OLD.next_try_at))
    EXECUTE FUNCTION faults_note_taken();
"""
LATE = """
SELECT coalesce(max(sent_at - due_at), interval '0') FROM bookings_message
WHERE copies = 1 AND tries = 1 AND state = 'sent'"""


def says_another_time(log: Path, offset: dt.timedelta) -> bool:
    """Whether the first line of a process's log has a clock that is so far off."""
    stamp = re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", log.read_text())
    assert stamp
    told = dt.datetime.fromisoformat(stamp[0]).replace(tzinfo=dt.UTC)
    return abs(told - dt.datetime.now(dt.UTC) - offset) < dt.timedelta(minutes=5)


def started(clinic: parts.Parts, offsets: list[str]) -> list[subprocess.Popen]:
    """A loop with each of these clocks."""
    running = []
    for offset in offsets:
        process, log = clinic.loop(**parts.with_clock(offset))
        assert says_another_time(log, OFFSETS[offset])
        running.append(process)
    return running


def test_loops_whose_clocks_are_off_send_the_same_and_keep_to_leases(scene, mail_server, tmp_path):
    """Several at once, each with another clock; all are killed while one of them holds a lease."""
    env = parts.environment(scene.database, mail_server)
    scene.owner.execute(TAKEN)
    offsets, held = sized(["+1h", "-1d"], list(OFFSETS)), 0
    with parts.parts(env, tmp_path) as clinic:
        scene.visits(sized(80, 1500), over=sized(5.0, 60.0))
        for _turn in range(sized(1, 6)):
            running = started(clinic, offsets)
            scene.wait_for(lambda: scene.count(SENDING))
            for process in running:
                parts.kill_tree(process)
            held += scene.count(SENDING)
        started(clinic, offsets)
        scene.drain(seconds=180)
    stolen = scene.count("SELECT count(*) FROM faults_taken WHERE overdue < interval '0'")
    changed_hands = scene.count("SELECT count(*) FROM faults_taken")
    late = scene.count(LATE).total_seconds() / scene.clock.times
    found = scene.outcome()
    beside = f"{held} leases left behind, {changed_hands} taken over; latest {late:.1f} s"
    says(found.row(f"senders' clocks off by {', '.join(offsets)}", len(offsets), beside))
    assert held > 0 and changed_hands > 0
    assert stolen == 0
    found.holds()


@pytest.mark.parametrize("offset", sized(["+1h"], list(OFFSETS)))
def test_a_celery_worker_whose_clock_is_off_sends_the_same(
    committed_db, process_env, smtp_sink, broker, tmp_path, offset
):
    """Beat's clock is right, so they differ; each Date is the database's."""
    env = {**process_env, "REDIS_URL": broker}
    with parts.parts(env, tmp_path) as clinic:
        clinic.beat()
        _worker, log = clinic.worker(**parts.with_clock(offset))
        load.visits_due(committed_db, 20, over=dt.timedelta(seconds=3))
        smtp_sink.wait_for(20, seconds=30)
        time.sleep(3)  # a tick or two more
    assert says_another_time(log, OFFSETS[offset])
    rows = Message.objects.filter(state=MessageState.SENT)
    sent = {
        number(mail["Message-ID"]): parsedate_to_datetime(mail["Date"])
        for mail in smtp_sink.messages
    }
    assert len(smtp_sink.messages) == len(sent) == 20
    late = [date - due for date, due in ((sent[row.pk], row.due_at) for row in rows)]
    says(Row(f"Celery worker's clock off by {offset}", 1, 0, 0, 0, besides=f"latest {max(late)}"))
    assert min(late) > -SECONDS_10 / 10 and max(late) < SECONDS_10
