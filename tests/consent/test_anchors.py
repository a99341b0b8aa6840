"""Heads are kept outside the database, in a file; what fails is tried again, and told."""

import json
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from consent import ledger
from consent.actions import anchoring, growing
from consent.actions.anchoring import anchor_file
from consent.models import AnchorPlace, TreeHead
from tests import processes
from tests.consent.anchors import HOUR, MINUTE, NOW, SECONDS, grown, kept, place, told
from tests.consent.entries import head, several


@pytest.fixture
def file(settings, tmp_path) -> Path:
    settings.ANCHOR_FILE = str(tmp_path / "kept" / "anchors.jsonl")
    return Path(settings.ANCHOR_FILE)


@pytest.fixture
def lead(settings) -> None:
    settings.ANCHOR_MAIL_TO = ["lead@example.com", "notary@example.com"]


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
