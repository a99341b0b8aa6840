"""Heads are time-stamped (RFC 3161); an authority that errs, lies or hangs is refused, and told."""

import datetime as dt
import hashlib
import time
from pathlib import Path

import pytest
from rfc3161_client import decode_timestamp_response

from clinic import clock
from consent.actions import anchoring, growing
from consent.actions.anchoring import anchor_file, time_stamps
from consent.actions.anchoring.time_stamps import NotStamped, stamped
from consent.models import AnchorPlace, TreeHead
from tests import make, processes
from tests.consent import stamper
from tests.consent.entries import entered, head

HOUR = dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def authorities():
    """The clinic's authority, and another one."""
    return stamper.authority(), stamper.authority("Somebody Else")


@pytest.fixture
def authority(authorities, settings, tmp_path, monkeypatch):
    """It listens; the clinic uses it, has its certificate, and waits for it no longer than a second."""
    one, _other = authorities
    one.mood = ""
    one.ended.clear()
    monkeypatch.setattr(time_stamps, "TIMEOUT", 1.0)
    (tmp_path / "authority.pem").write_bytes(one.pem)
    settings.ANCHOR_FILE = str(tmp_path / "anchors.jsonl")
    settings.ANCHOR_TSA_CERTIFICATE = str(tmp_path / "authority.pem")
    with stamper.listening(one):
        settings.ANCHOR_TSA_URL = one.url
        yield one


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def grown(*, at: dt.datetime) -> TreeHead:
    entered(now=at)
    growing.grow(now=at)
    return head()


def place() -> AnchorPlace:
    return AnchorPlace.objects.get(place="tsa")


@pytest.mark.django_db
def test_a_heads_time_stamp_is_kept_in_the_file(authority, settings):
    moment = clock.now()
    newest = grown(at=moment)
    anchoring.anchor(now=moment)
    plain, with_token = list(anchor_file.read(Path(settings.ANCHOR_FILE)))[-2:]
    assert plain and with_token and plain.content == with_token.content == bytes(newest.content)
    assert not plain.token
    answer = stamper.der(
        stamper.SEQUENCE, stamper.der(stamper.SEQUENCE, stamper.integer(0)), with_token.token
    )
    info = decode_timestamp_response(answer).tst_info
    assert info.message_imprint.message == hashlib.sha256(bytes(newest.content)).digest()
    assert abs(info.gen_time - moment) < dt.timedelta(minutes=1)
    assert anchoring.alarms(now=moment) == []


@pytest.mark.django_db
def test_the_authority_is_asked_at_most_once_an_hour_and_for_the_newest_head(authority):
    moment = clock.now()
    asked = len(authority.asked)
    for minutes in range(3):
        newest = grown(at=moment)
        anchoring.anchor(now=moment + dt.timedelta(minutes=minutes))
    assert len(authority.asked) == asked + 1
    assert place().size < newest.size
    AnchorPlace.objects.filter(place="tsa").update(next_try_at=moment)  # an hour has gone by
    anchoring.anchor(now=moment)
    assert len(authority.asked) == asked + 2
    assert place().size == newest.size


MOODS = {
    "refuses": "it refused: status 2",
    "stamps something else": "it stamped something else",
    "answers another request": "it answered another request",
    "lives in another year": "its clock is not ours",
    "signs badly": "its signature does not hold",
    "talks nonsense": "its answer is no time stamp",
    "never ends": "its answer is too long",
    "is broken": "Service Unavailable",
    "hangs": "TimeoutError",
    "dribbles": "TimeoutError",
}


@pytest.mark.django_db
@pytest.mark.parametrize("mood", MOODS)
def test_an_authority_that_fails_is_an_alarm_and_stops_nothing_else(authority, mood, settings):
    authority.mood = mood
    moment = clock.now()
    newest = grown(at=moment)
    began = time.monotonic()
    anchoring.anchor(now=moment)
    assert time.monotonic() - began < 5
    assert MOODS[mood] in place().trouble
    assert place().size == 0
    (alarm,) = anchoring.alarms(now=moment)
    assert (alarm.place, alarm.since, alarm.trouble) == ("tsa", moment, place().trouble)
    (*_older, line) = anchor_file.read(Path(settings.ANCHOR_FILE))
    assert line and line.content == bytes(newest.content) and not line.token
    assert make.confirmed().receipt
    authority.mood = ""
    anchoring.anchor(now=moment + dt.timedelta(minutes=1))
    assert anchoring.alarms(now=moment + dt.timedelta(minutes=1)) == []


def test_a_signature_of_somebody_else_is_refused(authority, authorities, tmp_path):
    other = tmp_path / "other.pem"
    other.write_bytes(authorities[1].pem)
    with pytest.raises(NotStamped, match="signature"):
        stamped(b"head", url=authority.url, certificate=other, now=now())
    both = tmp_path / "both.pem"
    both.write_bytes(authorities[1].pem + authority.pem)
    assert stamped(b"head", url=authority.url, certificate=both, now=now())


def test_without_a_certificate_the_stamp_is_still_held_against_what_was_asked(authority):
    assert stamped(b"head", url=authority.url, certificate=None, now=now())
    authority.mood = "stamps something else"
    with pytest.raises(NotStamped):
        stamped(b"head", url=authority.url, certificate=None, now=now())


def test_two_questions_are_never_the_same(authority):
    """A nonce: so that an old answer is not taken for a new one."""
    for _twice in range(2):
        stamped(b"head", url=authority.url, certificate=None, now=now())
    assert authority.asked[-1] != authority.asked[-2]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://tsa.example", "tsa.example"])
def test_only_an_address_of_the_web_is_asked(url):
    with pytest.raises(NotStamped, match="ANCHOR_TSA_URL"):
        stamped(b"head", url=url, certificate=None, now=now())


@pytest.mark.django_db
def test_nobody_at_the_address_is_an_alarm(settings, authority):
    settings.ANCHOR_TSA_URL = f"http://127.0.0.1:{processes.free_port()}/"
    moment = clock.now()
    grown(at=moment)
    anchoring.anchor(now=moment)
    assert "URLError" in place().trouble
    assert [alarm.place for alarm in anchoring.alarms(now=moment)] == ["tsa"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("ANCHOR_FILE", "", "no ANCHOR_FILE"),
        ("ANCHOR_TSA_CERTIFICATE", "/nowhere.pem", "No such file"),
        ("ANCHOR_TSA_CERTIFICATE", "/dev/null", "ValueError"),
    ],
)
def test_wrong_settings_are_an_alarm(settings, authority, setting, value, says):
    setattr(settings, setting, value)
    moment = clock.now()
    grown(at=moment)
    anchoring.anchor(now=moment)
    assert says in place().trouble
