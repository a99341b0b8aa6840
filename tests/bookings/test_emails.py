"""Every e-mail in both languages: the fact first, nothing about health outside, nothing turned round."""

import re

import pytest
from django.urls import reverse
from django.utils import translation

import bookings.actions
from bookings import emails, links, owing
from bookings.delivery import claims
from bookings.models import TO_STAFF, Consultation, Kind, Message
from clinic import times
from clinic.models import Clinic
from tests import make
from tests.bookings.mails import (
    HOUR,
    ISOLATES,
    NEXT_WEEK,
    SCENES,
    Tags,
    body,
    calendar_of,
    first_line,
    hostile,
    of_kind,
    plain,
    read,
)

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


# --- All kinds, both languages ---------------------------------------------------------------------


def test_there_is_a_scene_and_a_template_for_every_kind():
    assert set(SCENES) == set(Kind) - set(TO_STAFF) == set(emails.KINDS)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("kind", list(SCENES))
def test_every_kind_can_be_read_in_both_languages(kind, language):
    message, now = of_kind(kind, language=language)
    consultation = message.consultation
    mail = read(message, now)
    text, html = body(mail, "plain"), body(mail, "html")
    tags = Tags(html)

    assert (mail["To"], mail["Content-Language"]) == (message.addressee, language)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{message.pk}.{consultation.reference}@example.com>"
    assert mail["Date"].datetime == now
    assert mail["Subject"] and "%" not in mail["Subject"] and "{" not in mail["Subject"]
    assert [part.get_content_type() for part in mail.walk() if not part.is_multipart()][:2] == [
        "text/plain",
        "text/html",
    ]
    # Text and HTML say where to go, whom to call, and what is no emergency.
    button, *others = dict.fromkeys(tags.links)
    assert [link for link in others if "/stop/" not in link] == []
    assert len(others) == (kind == Kind.AFTERCARE)
    for words in (text, html):
        assert button in words
        assert "+971 4 555 0100" in words
        assert "998" in words
        assert consultation.grouped_reference in words
    leads_out = kind == Kind.REMINDER_1_HOUR
    assert (button == consultation.video_room) == leads_out
    for link in [*others, *([] if leads_out else [button])]:
        path = link.removeprefix("http://127.0.0.1:8000")
        assert path.startswith("/ar/") == (language == "ar")
    # The HTML is whole, in its language and direction, and fetches nothing.
    assert tags.open == []
    assert tags.root == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    # A picture comes with the e-mail (cid:), or its address would be among the links.
    assert not {"script", "link", "iframe", "form"} & set(tags.seen)
    assert "url(" not in html and "@import" not in html and "left" not in html.split("<body")[0]
    # Markup in a name is words, templates in a name are not run, and every isolate is closed.
    assert "<b>" not in html and "</bdi>" in html
    assert "\u202e" not in text + html
    opened = sum(text.count(mark) for mark in (times.LRI, times.FSI))
    assert opened == text.count(times.PDI) > 0
    assert not set(ISOLATES) & set(html)
    assert (
        "&amp;" not in text and "&#x27;" not in text and "{%" not in text.replace("{% now %}", "")
    )
    assert "\n\n\n" not in text
    # Nobody who sees the subject learns anything about health, and the treatment has no name.
    assert not [word for word in TELL_TALES if word in mail["Subject"].casefold()]
    assert not [name for name in ("Mesotherapy", "الميزوثيرابي") if name in text + html]


@pytest.mark.parametrize("kind", [Kind.CONFIRMED, Kind.AFTERCARE, Kind.REMINDER_1_DAY])
def test_who_allowed_it_reads_the_name_of_the_treatment(kind):
    message, now = of_kind(kind, names_treatment=True)
    mail = read(message, now)
    assert "Mesotherapy" in body(mail, "plain") and "Mesotherapy" in body(mail, "html")


@pytest.mark.parametrize("kind", [Kind.CODE, Kind.FINISH, Kind.NEW_ADDRESS, Kind.ADDRESS_CHANGED])
def test_nothing_that_was_typed_is_sent_to_an_address_that_nobody_has_proven(kind):
    message, now = of_kind(kind)
    assert "Layla" not in emails.compose(message, now=now).message().as_string()


def test_a_line_break_in_a_name_or_a_step_stays_out_of_the_headers():
    make.aftercare_steps(make.treatment(), subject_en="After\nBcc: c@example.com")
    message, now = of_kind(Kind.AFTERCARE)
    Consultation.objects.update(patient_name="Layla\r\nBcc: a@example.com")
    Clinic.objects.update(name_en="Marsa\r\nBcc: b@example.com")
    mail = read(Message.objects.get(), now)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "After Bcc: c@example.com"
    assert "Layla Bcc: a@example.com" in plain(body(mail, "plain"))


# --- Kind by kind ----------------------------------------------------------------------------------


TELL_TALES = ["mesotherapy", "cellulite", "skin", "risk", "side effect", "icing", "treatment"]
TELL_TALES += ["dermatolog", "الميزوثيرابي", "السيلوليت", "جلد", "الكمادات"]
MONDAY = "Monday 30 November 2026, 09:00, Dubai time (GMT+4)"
TUESDAY = "Tuesday 1 December 2026, 09:00, Dubai time (GMT+4)"


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        (Kind.CONFIRMED, f"Your visit is confirmed: {MONDAY}."),
        (Kind.MOVED, f"Your visit was moved. The new time is {TUESDAY}."),
        (Kind.REMINDER_1_DAY, f"Your visit is on {MONDAY}."),
        (Kind.CANCELLED, f"Your visit is cancelled. It was to be on {MONDAY}."),
        (Kind.AFTERCARE, "Icing"),
    ],
)
def test_the_first_line_is_the_fact(kind, fact):
    message, now = of_kind(kind)
    assert first_line(read(message, now)) == fact


def test_the_code_is_the_first_line_and_stands_bare_for_copying():
    message, now = of_kind(Kind.CODE)
    code = links.code(message.consultation)
    assert body(read(message, now), "plain").startswith(f"Your code: {code}\n")


def test_the_code_comes_with_a_link_that_proves_the_address_too():
    message, now = of_kind(Kind.CODE)
    link = Tags(body(read(message, now), "html")).links[0]
    token = links.token(message.consultation, links.Purpose.PROVE)
    assert link.endswith(reverse("prove", args=[token]))


def test_a_patient_elsewhere_reads_their_own_time_too():
    message, now = of_kind(Kind.CONFIRMED)
    text = plain(body(read(message, now), "plain"))
    assert "Your own time: Monday 30 November 2026, 05:00, London time (GMT)" in text


def test_a_patient_in_the_clinics_zone_reads_one_time():
    message, now = of_kind(Kind.CONFIRMED, zone="Asia/Dubai")
    assert "Your time" not in body(read(message, now), "plain")


def test_the_confirmation_has_receipt_video_words_and_what_it_is_not():
    message, now = of_kind(Kind.CONFIRMED)
    mail = read(message, now)
    text, receipt = plain(body(mail, "plain")), message.consultation.receipt
    assert receipt in text.replace(" ", "")
    assert "It is not consent to a procedure" in text
    assert "The video link is on your page" in text
    assert "until Monday 30 November 2026, 07:00, Dubai time" in text
    assert "video.example.com" not in mail.as_string()


def test_the_confirmation_brings_the_visit_into_the_calendar():
    message, now = of_kind(Kind.CONFIRMED)
    part, calendar = calendar_of(read(message, now))
    assert part.get_content_type() == "text/calendar"
    assert (part.get_param("method"), part.get_filename()) == ("PUBLISH", "visit.ics")
    assert calendar["METHOD"] == "PUBLISH"
    assert calendar.events[0].start == NEXT_WEEK


@pytest.mark.parametrize(("kind", "method"), [(Kind.MOVED, "PUBLISH"), (Kind.CANCELLED, "CANCEL")])
def test_a_move_changes_the_calendar_and_a_cancellation_clears_it(kind, method):
    message, now = of_kind(kind)
    part, calendar = calendar_of(read(message, now))
    assert part.get_param("method") == calendar["METHOD"] == method
    assert calendar.events[0]["SEQUENCE"] == 1


def test_a_reminder_so_late_that_only_the_phone_helps_says_so():
    message, _now = of_kind(Kind.REMINDER_1_DAY)
    text = plain(body(read(message, NEXT_WEEK - HOUR), "plain"))
    assert "To move or cancel the visit now, please call us." in text


def test_a_cancelled_request_without_a_time_says_that_the_clinic_did_it():
    consultation, now = SCENES[Kind.REQUEST_RECEIVED](hostile())
    bookings.actions.cancel(consultation=consultation, now=now, by_patient=False)
    (message,) = owing.owed(now=now)
    message.save()
    mail = read(message, now)
    assert mail["Subject"] == "Cancelled: your request"
    assert first_line(mail) == "Your request for a free online consultation is cancelled."
    assert "The clinic cancelled it" in body(mail, "plain")
    assert not list(mail.iter_attachments())


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        ({"by_patient": True}, "It was cancelled from your page."),
        ({"by_patient": False}, "The clinic cancelled it, and we are sorry."),
        ({"by_patient": False, "on_the_phone": True}, "You asked us to cancel it."),
    ],
)
def test_a_cancellation_says_whose_it_was_and_only_the_clinics_own_is_the_clinics(by, sentence):
    visit = make.confirmed(starts_at=NEXT_WEEK)
    bookings.actions.cancel(consultation=visit, now=make.NOW, **by)
    (message,) = owing.owed(now=make.NOW)
    text = plain(body(read(message, make.NOW), "plain"))
    said = [one for one in ("your page.", "clinic cancelled it", "asked us to") if one in text]
    assert sentence in text and len(said) == 1


def test_a_changed_address_is_told_in_words_that_fit_one_that_staff_typed():
    message, now = of_kind(Kind.ADDRESS_CHANGED)
    assert "proven" not in body(read(message, now), "plain")


def test_an_e_mail_is_written_in_its_own_language_whatever_the_page_spoke():
    message, now = of_kind(Kind.AFTERCARE, language="ar")
    with translation.override("en"):
        mail = read(message, now)
    assert re.match("[\u0600-\u06ff]", first_line(mail))
    assert mail["Subject"] == "عيادتك: بعد زيارتك"


def test_a_link_asked_for_after_the_row_was_noted_is_the_one_that_is_sent():
    message, now = of_kind(Kind.CONFIRMED)
    bookings.actions.send_link(consultation=message.consultation, now=now + HOUR)
    fresh = links.token(Consultation.objects.get(), links.Purpose.PAGE)
    claimed = Message.objects.get(pk=message.pk)
    assert fresh in body(read(claimed, now + HOUR), "plain")


@pytest.mark.parametrize(
    ("kind", "queries"),
    [(Kind.REMINDER_1_DAY, 0), (Kind.CONFIRMED, 0), (Kind.AFTERCARE, 2)],  # the plan as it is now
)
def test_an_e_mail_that_was_claimed_is_written_without_asking_the_database(
    kind, queries, django_assert_num_queries
):
    message, now = of_kind(kind)
    [claimed] = claims.with_all_it_tells(Message.objects.filter(pk=message.pk))
    clinic = Clinic.objects.get()
    with django_assert_num_queries(queries):
        emails.compose(claimed, now=now, clinic=clinic)
