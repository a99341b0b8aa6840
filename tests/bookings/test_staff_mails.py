"""E-mails to staff: each once, in both languages, of no patient, and never one about another."""

import datetime as dt

import pytest

import bookings.actions
import consent.actions
from bookings import delivery, owing, tasks
from bookings.emails import staff
from bookings.management.commands import send_due
from bookings.models import TO_STAFF, Consultation, Kind, Message, MessageState
from clinic import clock
from clinic.models import Clinic
from tests import make
from tests.bookings.mails import HOUR, STAFF_SCENES, Tags, body, of_staff, plain, read

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
NOW, MINUTE, DAY = make.NOW, dt.timedelta(minutes=1), dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _lead(settings):
    settings.ANCHOR_MAIL_TO = ["lead@example.com"]


def of_kind(kind: Kind) -> list[str]:
    return sorted(Message.objects.filter(kind=kind).values_list("addressee", flat=True))


# --- What they look like -------------------------------------------------------------------------


def test_there_is_a_scene_for_every_kind_to_staff():
    assert set(STAFF_SCENES) == set(TO_STAFF)


@pytest.mark.parametrize("kind", TO_STAFF)
def test_each_says_the_same_as_text_and_as_html_and_names_no_patient(kind):
    message, now = of_staff(kind)
    mail = read(message, now)
    text, html = body(mail, "plain"), body(mail, "html")
    tags = Tags(html)
    assert mail["Subject"] and text.strip() and tags.open == []
    assert mail["To"] == message.addressee
    assert mail["Reply-To"] == "clinic@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{message.pk}.{kind}@example.com>"
    assert not {"script", "link", "iframe", "form", "img"} & set(tags.seen)
    for line in text.replace(staff.BETWEEN, "\n").splitlines():
        assert line.strip() in html.replace("&#x27;", "'").replace("&quot;", '"') or "http" in line
    visit = Consultation.objects.first()
    for words in (str(mail["Subject"]), text, html):
        assert "Layla" not in words and "patient@" not in words
        if visit is not None:
            assert visit.email not in words and "esotherapy" not in words
    assert text.count("\u2066") + text.count("\u2068") == text.count("\u2069")


@pytest.mark.parametrize("kind", [Kind.LOOKED, Kind.BOUNCE])
def test_each_stands_in_english_and_below_it_in_arabic(kind):
    message, now = of_staff(kind)
    mail = read(message, now)
    assert mail["Content-Language"] == "en, ar"
    english, arabic = body(mail, "plain").split(staff.BETWEEN)
    reference = Consultation.objects.get().grouped_reference
    assert reference in english and reference in arabic and reference in mail["Subject"]
    html = body(mail, "html")
    assert html.index('<div class="words" lang="en" dir="ltr">') < html.index(
        '<div class="words" lang="ar" dir="rtl">'
    )


def test_the_head_of_the_day_stands_in_english_alone():
    mail = read(*of_staff(Kind.ANCHOR))
    assert mail["Content-Language"] == "en"
    assert 'lang="ar"' not in body(mail, "html")


def test_machines_are_asked_for_no_answer_but_for_word_that_it_did_not_arrive():
    mail = read(*of_staff(Kind.BOUNCE))
    assert mail["Precedence"] == "bulk"
    suppressed = mail["X-Auto-Response-Suppress"].split(", ")
    assert {"OOF", "AutoReply", "RN"} <= set(suppressed)
    assert not {"NDR", "All"} & set(suppressed)  # MS-OXCMAIL 2.1.3.2.20


# --- Told once, and sent as every e-mail ---------------------------------------------------------


def tell(to: list[str], *, about: str = "one") -> None:
    bookings.actions.tell_staff(
        kind=Kind.LOOKED, about=about, to=to, subject="S", body="B", now=NOW, useful_for=DAY
    )


def test_each_addressee_is_told_once_of_each_thing(smtp_sink):
    tell(["a@example.com", "b@example.com", "a@example.com"])
    tell(["b@example.com", "c@example.com"])
    tell(["a@example.com"], about="another")
    assert of_kind(Kind.LOOKED) == ["a@example.com"] * 2 + ["b@example.com", "c@example.com"]
    assert delivery.send_due(now=NOW) == 4
    assert delivery.send_due(now=NOW + DAY) == 0


def test_one_that_cannot_be_sent_in_its_time_needs_staff(smtp_sink):
    tell(["a@example.com"])
    delivery.send_due(now=NOW + DAY)
    assert Message.objects.needing_staff().get().state == MessageState.GAVE_UP


# --- A record that was opened out of turn --------------------------------------------------------


def looked(by, *, how: str = "read", now: dt.datetime = NOW) -> None:
    record = Consultation.objects.get().consent_records.get()
    consent.actions.look(record=record, by=by, how=how, now=now)


def test_the_visits_own_dermatologist_is_no_news():
    visit = make.confirmed()
    visit.dermatologist.user = make.staff("huda", group="Dermatologists")
    visit.dermatologist.save()
    looked(visit.dermatologist.user)
    assert of_kind(Kind.LOOKED) == []


def test_another_is_told_to_every_lead_with_an_address():
    make.confirmed()
    for name, email in (
        ("lead", "first@example.com"),
        ("second", "second@example.com"),
        ("third", ""),
    ):
        user = make.staff(name, group="Lead")
        user.email = email
        user.save()
    gone = make.staff("gone", group="Lead")
    gone.email, gone.is_active = "gone@example.com", False
    gone.save()
    looked(make.staff("arjun", group="Dermatologists"))
    assert of_kind(Kind.LOOKED) == ["first@example.com", "second@example.com"]
    text = Message.objects.filter(kind=Kind.LOOKED)[0].body
    assert "arjun" in text and Consultation.objects.get().grouped_reference in text


def test_without_a_lead_who_has_an_address_the_seals_addressee_is_told():
    make.confirmed()
    looked(make.staff("arjun"))
    assert of_kind(Kind.LOOKED) == ["lead@example.com"]


def test_a_day_of_looks_is_one_e_mail_for_each_way_of_looking():
    make.confirmed()
    arjun = make.staff("arjun")
    for _time in range(3):
        looked(arjun)
    looked(arjun, how="exported")
    looked(arjun, now=NOW + DAY)
    looked(make.staff("another"))
    assert len(of_kind(Kind.LOOKED)) == 4


# --- E-mails that came back ----------------------------------------------------------------------


def returned(*, state: str = MessageState.BOUNCED, at: dt.datetime = NOW) -> Message:
    visit = make.confirmed()
    owing.note_owed(now=NOW)
    sent_at = NOW if state == MessageState.BOUNCED else None
    dates = {"bounced_at": at} if state == MessageState.BOUNCED else {"refused_at": at}
    rows = visit.messages.all()
    rows.update(
        state=state, sent_at=sent_at, trouble="There is no mailbox with this address.", **dates
    )
    return rows.get()


@pytest.mark.parametrize("state", [MessageState.BOUNCED, MessageState.BAD_ADDRESS])
def test_the_clinics_own_address_is_told_once_a_day_when_it_is_sure(state):
    message = returned(state=state)
    assert bookings.actions.tell_of_returned(now=NOW + MINUTE) == 0
    assert bookings.actions.tell_of_returned(now=NOW + 2 * MINUTE) == 1
    assert bookings.actions.tell_of_returned(now=NOW + HOUR) == 0
    assert of_kind(Kind.BOUNCE) == [Clinic.objects.get().email]
    words = plain(Message.objects.get(kind=Kind.BOUNCE).body)
    assert f"/admin/bookings/consultation/{message.consultation_id}/change/" in words
    assert "There is no mailbox" in words and message.addressee not in words


def test_a_refusal_that_meant_us_tells_nobody():
    """The relay's three refusals in a row: the row is owed again before it is told of."""
    message = returned(state=MessageState.BAD_ADDRESS)
    Message.objects.filter(pk=message.pk).update(state=MessageState.OWED)
    assert bookings.actions.tell_of_returned(now=NOW + HOUR) == 0


def test_strangers_who_type_addresses_write_no_e_mails_to_the_clinic():
    visit = make.held()
    owing.note_owed(now=NOW)
    refused = visit.messages.filter(kind=Kind.CODE)
    assert refused.update(state=MessageState.BAD_ADDRESS, refused_at=NOW) == 1
    assert bookings.actions.tell_of_returned(now=NOW + HOUR) == 0


def test_what_somebody_took_care_of_or_came_back_long_ago_is_not_told():
    message = returned()
    Message.objects.filter(pk=message.pk).update(phoned_at=NOW)
    assert bookings.actions.tell_of_returned(now=NOW + HOUR) == 0
    Message.objects.filter(pk=message.pk).update(phoned_at=None)
    assert bookings.actions.tell_of_returned(now=NOW + 7 * DAY) == 0


def test_the_e_mail_about_a_bounce_makes_no_other_when_it_comes_back(smtp_sink):
    returned()
    bookings.actions.tell_of_returned(now=NOW + HOUR)
    about = Message.objects.get(kind=Kind.BOUNCE)
    delivery.send_due(now=NOW + HOUR)
    assert bookings.actions.note_bounce(message=about.pk, status="5.1.1", now=NOW + HOUR)
    assert bookings.actions.tell_of_returned(now=NOW + 2 * HOUR) == 0
    assert list(Message.objects.needing_staff().filter(kind=Kind.BOUNCE)) == [about]


@pytest.mark.parametrize("how_many", [1, 3])
def test_nothing_new_costs_as_many_queries_for_three_as_for_one(
    how_many, django_assert_num_queries
):
    with django_assert_num_queries(1):
        bookings.actions.tell_of_returned(now=NOW)
    for hour in range(how_many):
        make.confirmed(starts_at=make.TOMORROW_AT_9 + hour * HOUR)
    owing.note_owed(now=NOW)
    Message.objects.update(state=MessageState.BOUNCED, bounced_at=NOW)
    assert bookings.actions.tell_of_returned(now=NOW + HOUR) == how_many
    with django_assert_num_queries(3):
        assert bookings.actions.tell_of_returned(now=NOW + HOUR) == 0


@pytest.mark.parametrize("way", [send_due.send_once, tasks.send_due_messages])
def test_the_loop_and_the_worker_tell_of_it(smtp_sink, monkeypatch, way):
    returned()
    monkeypatch.setattr(clock, "now", lambda: NOW + HOUR)
    way()
    assert [mail["To"] for mail in smtp_sink.messages] == ["clinic@example.com"]
