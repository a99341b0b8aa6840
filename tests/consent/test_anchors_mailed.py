"""Once a day the newest head goes to the lead by e-mail: what it says, and when it counts as kept."""

import datetime as dt
from pathlib import Path

import pytest

import bookings.actions
from bookings import delivery
from bookings.models import Message
from consent import ledger
from consent.actions import anchoring, growing
from consent.models import AnchorPlace, ConsentRecord
from tests import make, processes
from tests.consent.anchors import HOUR, MINUTE, NOW, SECONDS, grown, kept, place, told
from tests.consent.entries import head


@pytest.fixture
def file(settings, tmp_path) -> Path:
    settings.ANCHOR_FILE = str(tmp_path / "kept" / "anchors.jsonl")
    return Path(settings.ANCHOR_FILE)


@pytest.fixture
def lead(settings) -> None:
    settings.ANCHOR_MAIL_TO = ["lead@example.com", "notary@example.com"]


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
