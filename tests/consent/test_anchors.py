"""Heads are kept outside the database: in a file and by e-mail; what fails is tried again, and told."""

import datetime as dt
import json
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import bookings.actions
from bookings import delivery
from bookings.models import Message
from consent import ledger
from consent.actions import anchoring, growing
from consent.actions.anchoring import anchor_file
from consent.models import AnchorPlace, ConsentRecord, TreeHead
from tests import make, processes
from tests.consent.entries import entered, head, several

NOW = make.NOW
SECONDS, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
PUBLIC = ledger.keys.public_bytes(ledger.keys.signing_key())


@pytest.fixture
def file(settings, tmp_path) -> Path:
    settings.ANCHOR_FILE = str(tmp_path / "kept" / "anchors.jsonl")
    return Path(settings.ANCHOR_FILE)


@pytest.fixture
def lead(settings) -> None:
    settings.ANCHOR_MAIL_TO = ["lead@example.com", "notary@example.com"]


def grown(*, now: dt.datetime = NOW) -> TreeHead:
    """A new head, of one more entry."""
    entered(now=now)
    growing.grow(now=now)
    return head()


def kept(file: Path) -> list[int]:
    """The sizes of the heads in the file, in its order; each must be signed."""
    found = []
    for line in anchor_file.read(file):
        assert line is not None
        assert ledger.is_signed_by(PUBLIC, line.signature, line.content)
        found.append(json.loads(line.content)["size"])
    return found


def place(name: str) -> AnchorPlace:
    return AnchorPlace.objects.get(place=name)


def told(*, now: dt.datetime) -> list[str]:
    return [alarm.place for alarm in anchoring.alarms(now=now)]


# --- The file ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_head_is_a_line_of_the_file_with_the_keys_fingerprint(file):
    sizes = [grown().size for _head in range(3)]
    assert anchoring.anchor(now=NOW) == 3
    sizes.append(grown().size)
    assert anchoring.anchor(now=NOW + MINUTE) == 1
    assert kept(file) == sizes
    newest = list(anchor_file.read(file))[-1]
    assert newest.content == bytes(head().content)
    assert json.loads(newest.content)["key"] == ledger.signing_key_id()
    assert newest.at == ledger.utc(NOW + MINUTE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.django_db
def test_nothing_new_is_nothing_to_write(file):
    grown()
    anchoring.anchor(now=NOW)
    size = file.stat().st_size
    assert anchoring.anchor(now=NOW + MINUTE) == 0
    assert file.stat().st_size == size
    assert told(now=NOW + MINUTE) == []


@pytest.mark.django_db
def test_a_long_queue_is_written_in_parts(file, monkeypatch):
    monkeypatch.setattr(anchoring, "AT_ONCE", 2)
    sizes = [grown().size for _head in range(5)]
    assert anchoring.anchor(now=NOW) == 5
    assert kept(file) == sizes


@pytest.mark.django_db
def test_a_place_that_is_not_used_is_neither_tried_nor_missed(settings):
    settings.ANCHOR_FILE, settings.ANCHOR_MAIL_TO, settings.ANCHOR_TSA_URL = "", [], ""
    grown()
    assert anchoring.anchor(now=NOW + 2 * HOUR) == 0
    assert told(now=NOW + 100 * HOUR) == []


@pytest.mark.django_db
def test_a_full_disk_is_an_alarm_and_is_tried_again(settings, file, caplog):
    settings.ANCHOR_FILE = "/dev/full"
    newest = grown()
    assert anchoring.anchor(now=NOW) == 0
    row = place("file")
    assert (row.size, row.tries, row.failing_since) == (0, 1, NOW)
    assert "No space left on device" in row.trouble
    assert told(now=NOW) == ["file"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    settings.ANCHOR_FILE = str(file)
    assert anchoring.anchor(now=NOW + 59 * SECONDS) == 0  # not yet
    assert anchoring.anchor(now=NOW + MINUTE) > 0
    assert kept(file)[-1] == newest.size
    assert told(now=NOW + MINUTE) == []
    row = place("file")
    assert (row.tries, row.failing_since, row.trouble) == (0, None, "")


@pytest.mark.django_db
def test_the_waits_grow_to_an_hour_and_the_trouble_is_known_since_its_first_try(settings):
    settings.ANCHOR_FILE = "/dev/full"
    grown()
    now, waits = NOW, []
    for _try in range(9):
        anchoring.anchor(now=now)
        row = place("file")
        waits.append(int((row.next_try_at - now).total_seconds() // 60))
        assert row.failing_since == NOW
        now = row.next_try_at
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


CUT_SHORT = """
import resource, signal, sys
from pathlib import Path
import django
django.setup()
from consent.actions.anchoring import anchor_file
from consent.models import TreeHead
import datetime as dt
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50,) * 2)
head = TreeHead(size=9, content=b'{"size":9}', signature=bytes(64))
anchor_file.append(path, [head], now=dt.datetime.now(dt.UTC))
"""


@pytest.mark.django_db
def test_a_line_that_a_full_disk_cut_short_spoils_no_other(file):
    """The process may make the file 50 bytes longer, and no more: the line is torn."""
    first = grown()
    anchoring.anchor(now=NOW)
    done = subprocess.run(
        [sys.executable, "-c", CUT_SHORT, str(file)],
        cwd=processes.CHECKOUT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1 and "OSError" in done.stderr, done.stderr
    assert not file.read_bytes().endswith(b"\n")
    second = grown()
    anchoring.anchor(now=NOW + MINUTE)
    lines = list(anchor_file.read(file))
    assert [line and json.loads(line.content)["size"] for line in lines][-3:] == [
        first.size,
        None,
        second.size,
    ]


@pytest.mark.parametrize("line", ["{}", "[]", "1", '{"at":1,"head":2,"signature":3}', "\\xff", "{"])
def test_a_line_that_cannot_be_read_is_told_apart(tmp_path, line):
    path = tmp_path / "anchors.jsonl"
    path.write_text(f"{line}\n")
    assert list(anchor_file.read(path)) == [None]


def test_a_folder_where_nobody_may_write_is_an_error(tmp_path):
    """Root may write anywhere, so there the folder is one of the kernel's."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    path = Path("/proc/anchors.jsonl") if os.geteuid() == 0 else folder / "anchors.jsonl"
    with pytest.raises(OSError):
        anchor_file.append(path, [], now=NOW)


@pytest.mark.django_db
def test_two_workers_do_not_write_the_same_head_twice(file, monkeypatch):
    """While one has the place, the other finds it taken; a killed one's lease runs out."""
    newest = grown()
    put = anchoring.anchor_file.append

    def put_while_another_tries(*args: object, **kwargs: object) -> None:
        monkeypatch.setattr(anchoring.anchor_file, "append", put)
        assert anchoring.anchor(now=NOW) == 0
        put(*args, **kwargs)

    monkeypatch.setattr(anchoring.anchor_file, "append", put_while_another_tries)
    anchoring.anchor(now=NOW)
    assert kept(file).count(newest.size) == 1
    AnchorPlace.objects.update(size=0, next_try_at=NOW + anchoring.LEASE)  # of one that was killed
    assert anchoring.anchor(now=NOW + MINUTE) == 0
    assert anchoring.anchor(now=NOW + anchoring.LEASE) > 0


# --- The e-mail --------------------------------------------------------------------------------


def mailed(now: dt.datetime) -> int:
    """The workers of the ledger and of e-mails take turns; how many e-mails left."""
    anchoring.anchor(now=now)
    return delivery.send_due(now=now)


def mails() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("pk").values_list("about", "state"))


@pytest.mark.django_db
@pytest.mark.usefixtures("lead")
def test_once_a_day_the_newest_head_is_sent_to_the_lead(smtp_sink):
    for minutes in range(3):
        grown(now=NOW + minutes * MINUTE)
        assert mailed(NOW + minutes * MINUTE) == (0 if minutes else 2)
    day = NOW + dt.timedelta(days=1)
    assert mailed(day) == 0
    newest = head()
    assert mailed(day + MINUTE) == 2
    *_first, second, third = smtp_sink.messages
    assert len(smtp_sink.messages) == 4
    assert {second["To"], third["To"]} == {"lead@example.com", "notary@example.com"}
    assert second["Subject"] == f"Consent ledger: {newest.size} entries, 2026-11-22"
    assert second["Auto-Submitted"] == "auto-generated"
    body = second.get_body(("plain",)).get_content()
    assert bytes(newest.content).decode() in body.splitlines()
    assert ledger.signature_letters(bytes(newest.signature)) in body.splitlines()
    assert ledger.signing_key_id() in body
    assert smtp_sink.messages[0].get_body(("plain",)).get_content() != body


@pytest.mark.django_db
@pytest.mark.usefixtures("lead")
def test_it_is_kept_when_the_mail_server_took_it_and_not_before(smtp_sink):
    sent = grown()
    assert anchoring.anchor(now=NOW) == 0
    assert (place("mail").size, place("mail").anchored_at) == (0, None)
    grown()  # meanwhile: what is kept is what was sent
    delivery.send_due(now=NOW)
    assert anchoring.anchor(now=NOW + 59 * SECONDS) == 0
    assert anchoring.anchor(now=NOW + MINUTE) == 1
    assert (place("mail").size, place("mail").anchored_at) == (sent.size, NOW + MINUTE)


@pytest.mark.django_db
@pytest.mark.usefixtures("lead")
def test_one_mailbox_that_took_it_keeps_it(smtp_sink):
    """The other one's e-mail stands on the desk among those that need staff."""
    smtp_sink.no_mailbox.add("lead@example.com")
    size = grown().size
    assert mailed(NOW) == 1
    assert anchoring.anchor(now=NOW + MINUTE) == 1
    assert place("mail").size == size
    assert [row.addressee for row in Message.objects.needing_staff()] == ["lead@example.com"]
    bookings.actions.tell_of_returned(
        now=NOW + HOUR
    )  # of it no e-mail is made: it might go on and on
    assert Message.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("lead")
def test_the_e_mail_says_nothing_of_any_patient(smtp_sink):
    consultation = make.confirmed(patient_name="Zubaida Canary", email="canary@example.com")
    growing.grow(now=NOW)
    mailed(NOW)
    record = ConsentRecord.objects.get(consultation=consultation)
    for message in smtp_sink.messages:
        for fact in ("Zubaida", "canary", consultation.reference, record.record_hash):
            assert fact not in message.as_string()
    assert len(smtp_sink.messages) == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("lead")
def test_a_mail_server_that_is_away_stops_neither_the_file_nor_a_patient(settings, file, caplog):
    """Nor is it a failure of the anchor: the e-mail waits. The anchor is late when it waits for long."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", processes.free_port()
    newest = grown()
    mailed(NOW)
    mailed(NOW + MINUTE)
    assert kept(file)[-1] == newest.size
    assert (place("mail").size, place("mail").failing_since) == (0, None)
    assert told(now=NOW + 26 * HOUR) == []
    (alarm,) = anchoring.alarms(now=NOW + 27 * HOUR)
    assert alarm.sentence == "The daily e-mail with the ledger's seal was not sent."
    assert make.confirmed().receipt


@pytest.mark.django_db
@pytest.mark.usefixtures("lead")
def test_when_nobody_takes_it_that_is_told_and_tried_again_with_the_newest(smtp_sink, caplog):
    smtp_sink.no_mailbox |= {"lead@example.com", "notary@example.com"}
    first = grown().size
    mailed(NOW)
    later = NOW + MINUTE
    mailed(later)
    assert (place("mail").tries, place("mail").failing_since) == (1, later)
    (alarm,) = anchoring.alarms(now=later)
    assert alarm.sentence == "The daily e-mail with the ledger's seal cannot be sent."
    assert "@" not in place("mail").trouble + caplog.text
    assert told(now=later) == ["mail"]
    smtp_sink.no_mailbox.clear()
    newest = grown().size
    assert mailed(later + MINUTE) == 2
    assert told(now=later + MINUTE) == ["mail"]  # until it is known that it was taken
    anchoring.anchor(now=later + 2 * MINUTE)
    assert place("mail").size == newest
    assert told(now=later + 2 * MINUTE) == []
    assert sorted({about for about, _state in mails()}) == sorted([f"{first} 0", f"{newest} 1"])


@pytest.mark.django_db
@pytest.mark.usefixtures("lead")
def test_what_was_taken_and_came_back_is_not_kept(smtp_sink):
    grown()
    mailed(NOW)
    anchoring.anchor(now=NOW + MINUTE)
    both = list(Message.objects.all())
    for number, message in enumerate(both):
        assert told(now=NOW + HOUR) == []
        bookings.actions.note_bounce(message=message.pk, status="5.1.1", now=NOW + HOUR)
        assert number < len(both)
    (alarm,) = anchoring.alarms(now=NOW + HOUR)
    assert alarm.sentence == "The daily e-mail with the ledger's seal cannot be sent."
    assert "came back" in alarm.trouble
    grown()
    assert mailed(NOW + 25 * HOUR) == 2
    anchoring.anchor(now=NOW + 26 * HOUR)
    assert told(now=NOW + 26 * HOUR) == []


@pytest.mark.django_db
@pytest.mark.usefixtures("lead")
def test_a_place_that_was_set_forward_begins_again(smtp_sink):
    size = grown().size
    mailed(NOW)
    anchoring.anchor(now=NOW + MINUTE)
    AnchorPlace.objects.filter(place="mail").update(size=size + 1_000, next_try_at=None)
    assert told(now=NOW + HOUR) == ["mail"]
    anchoring.anchor(now=NOW + HOUR)
    assert place("mail").size == size


# --- What is late ------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("file", "lead")
def test_a_place_that_nobody_brings_up_to_date_is_an_alarm_too():
    grown()
    assert told(now=NOW + 10 * MINUTE) == []
    assert told(now=NOW + 11 * MINUTE) == ["file"]
    assert told(now=NOW + 27 * HOUR) == ["file", "mail"]
    late = anchoring.alarms(now=NOW + 27 * HOUR)[0]
    assert late.since == NOW
    assert late.sentence == "The ledger's newest seals are not in their file yet."


@pytest.mark.django_db
def test_entries_that_nobody_takes_in_are_an_alarm():
    growing.grow(now=NOW)
    written = several(2)[0].recorded_at
    assert told(now=written + 2 * MINUTE) == []
    (alarm,) = anchoring.alarms(now=written + 2 * MINUTE + SECONDS)
    assert (alarm.place, alarm.since) == ("tree", written)
    growing.grow(now=NOW)
    assert told(now=written + HOUR) == []


# --- Through the command and through Celery ----------------------------------------------------


def test_the_loop_seals_and_keeps_without_redis(committed_db, process_env, tmp_path):
    """At once when it begins, and it ends when it is asked to."""
    several(3)
    heads = TreeHead.objects.count()
    env = {**process_env, "ANCHOR_FILE": str(tmp_path / "anchors.jsonl"), "REDIS_URL": "redis://:1"}
    command = [sys.executable, "manage.py", "grow_ledger", "--loop"]
    with processes.running(command, log=tmp_path / "loop.log", env=env) as process:
        processes.wait_until(
            lambda: process.poll() is not None or (tmp_path / "anchors.jsonl").exists(),
            what="the first line of the file",
        )
        assert process.poll() is None, (tmp_path / "loop.log").read_text()
        process.terminate()
        assert process.wait(15) == 0
    assert TreeHead.objects.count() == heads + 1
    assert kept(tmp_path / "anchors.jsonl")[-1] == head().size


def test_the_worker_seals_within_a_minute(committed_db, worker):
    several(3)
    processes.wait_until(lambda: TreeHead.objects.exists(), seconds=60, what="a signed head")
