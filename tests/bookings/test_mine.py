"""The person's own page: from the link in any e-mail, past a light check; see, move, cancel."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation, Kind, Message, MessageState, Status
from clinic import clock
from tests import make
from tests.bookings.owing import are_sent
from tests.person import Person, link_to

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def at(monkeypatch, moment: dt.datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def status_of(consultation: Consultation) -> str:
    consultation.refresh_from_db()
    return consultation.status


# --- The link and the light check --------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_token_leaves_the_address_bar_at_once_and_no_detail_is_shown_yet(language):
    consultation = make.confirmed(language=language)
    person = Person().open(link_to(consultation, language=language))
    assert person.url == ("/ar" if language == "ar" else "") + "/my/check/"
    assert person.hops[0] == 303
    for detail in (consultation.patient_name, consultation.email, "Huda", "23 November", "09:00"):
        assert detail not in person.page.decode(), detail
    assert "no-store" in person.response["Cache-Control"]
    assert person.response["Referrer-Policy"] == "same-origin"


def test_opening_a_link_changes_no_row():
    consultation = make.held(entered_by=make.staff())
    before = Consultation.objects.filter(pk=consultation.pk).values().get()
    Person().open(link_to(consultation)).reload()
    assert Consultation.objects.filter(pk=consultation.pk).values().get() == before


@pytest.mark.parametrize("answer", ["1990", "٤٣٢١", " 4321 "])
def test_the_year_of_birth_or_the_last_digits_of_the_mobile_open_the_page(answer):
    consultation = make.confirmed(mobile="+971500004321")
    person = Person().open(link_to(consultation)).press("Show my consultation", answer=answer)
    assert (person.url, person.status) == ("/my/", 200)
    for words in (
        "Your visit is booked.",
        "Monday 23 November 2026, from 09:00 to 09:20",
        consultation.grouped_reference,
        consultation.patient_name,
        "Dr Huda",
        "+971 50 000 4321",
    ):
        assert person.has(words), words
    assert person.link("Open the video room")["href"] == "https://video.example.com/huda"


@pytest.mark.parametrize("answer", ["1991", "0000"])
def test_a_wrong_answer_shows_nothing_and_five_end_the_link(answer):
    consultation = make.confirmed()
    person = Person().open(link_to(consultation))
    for _try in range(5):
        person.press("Show my consultation", answer=answer)
        assert person.status == 400 and len(person.errors) == 1
        assert not person.has(consultation.patient_name)
    person.press("Show my consultation", answer="1990")
    assert (person.status, person.page.h1.text) == (404, "This link has ended")
    person.open(link_to(consultation)).press("Show my consultation", answer="1990")
    assert person.status == 404
    later = make.NOW + MINUTE
    fresh = bookings.actions.send_link(consultation=consultation, now=later)
    assert Person().opens_own_page(fresh).url == "/my/"


@pytest.mark.parametrize("answer", ["", "19", "199000", "year", "٣" * 40])
def test_what_cannot_be_an_answer_is_refused_without_counting_as_a_try(answer):
    consultation = make.confirmed()
    person = Person().open(link_to(consultation)).press("Show my consultation", answer=answer)
    assert person.status == 400
    consultation.refresh_from_db()
    assert consultation.link_tries == 0


def test_the_link_of_a_request_by_phone_proves_the_address_when_its_button_is_pressed():
    consultation = make.held(entered_by=make.staff())
    person = Person().open(link_to(consultation))
    consultation.refresh_from_db()
    assert not consultation.is_proven
    person.press("This is my e-mail address: go on", answer="1990")
    consultation.refresh_from_db()
    assert (consultation.is_proven, consultation.proven_by) == (True, "email_link")
    assert person.url == "/my/"
    person.press("Go on with your booking")
    assert person.url == "/book/risks/1/"


def test_a_wrong_answer_proves_nothing():
    consultation = make.held(entered_by=make.staff())
    Person().open(link_to(consultation)).press("This is my e-mail address", answer="1991")
    consultation.refresh_from_db()
    assert not consultation.is_proven


# --- Strangers -----------------------------------------------------------------------------------


def own_pages(person: Person) -> list[str]:
    paths = ("", "check/", "move/", "cancel/", "calendar.ics", "acknowledged/")
    return [person.open(f"/my/{path}").page.decode() for path in paths]


def test_a_stranger_without_a_link_sees_nothing():
    consultation = make.confirmed()
    person = Person()
    for page in own_pages(person):
        assert consultation.patient_name not in page and "This link has ended" in page
    for path in ("move/", "cancel/", "go-on/", "check/"):
        person.client.post(
            f"/my/{path}", {"time": "huda|2026-11-23T06:00:00Z/PT20M", "answer": "1990"}
        )
    assert status_of(consultation) == Status.CONFIRMED
    assert consultation.starts_at == make.TOMORROW_AT_9


def test_a_link_without_its_check_opens_no_page_and_no_road():
    consultation = make.confirmed()
    person = Person().open(link_to(consultation))
    for path in ("/my/", "/my/move/", "/my/cancel/", "/my/acknowledged/", "/book/booked/"):
        assert consultation.patient_name not in person.open(path).page.decode(), path
    person.client.post("/my/cancel/")
    assert status_of(consultation) == Status.CONFIRMED
    unfinished = make.proven(starts_at=make.TOMORROW_AT_9 + HOUR)
    person.open(link_to(unfinished))
    person.client.post("/my/go-on/")
    assert "road" not in person.client.session


def test_a_guessed_cut_or_foreign_token_looks_like_any_ended_link():
    consultation = make.confirmed()
    token = links.token(consultation, Purpose.PAGE)
    pages = {
        Person().open(f"/c/{guess}/").page.main.get_text()
        for guess in (
            *("x", "K7QM2F4D.abc", token[:-1], token + "a", token.replace(".", "")),
            *(f"{consultation.reference}.", "0000%000.abc", "ض" * 8 + ".abc"),
            links.token(consultation, Purpose.ROAD),
            links.token(consultation, Purpose.PROVE),
        )
    }
    assert len(pages) == 1 and "This link has ended" in pages.pop()


def test_a_newer_link_ends_the_older_one_and_the_page_that_it_opened():
    consultation = make.confirmed()
    old = link_to(consultation)
    person = Person().opens_own_page(consultation)
    bookings.actions.send_link(consultation=consultation, now=make.NOW + MINUTE)
    assert person.open("/my/").status == 404
    assert Person().open(old).status == 404


def test_a_link_ends_ninety_days_after_the_visit(monkeypatch):
    consultation = make.confirmed()
    at(monkeypatch, consultation.ends_at + dt.timedelta(days=90))
    assert Person().open(link_to(consultation)).status == 404


def test_two_consultations_in_one_browser_do_not_mix():
    first, second = make.confirmed(), make.confirmed(starts_at=make.TOMORROW_AT_9 + HOUR)
    person = Person().walks(first).open("/book/booked/")
    assert person.open("/my/").has(first.grouped_reference)
    person.open(link_to(second))
    assert person.open("/my/").url == "/my/check/"
    person.press("Show my consultation", answer="1990")
    assert person.has(second.grouped_reference) and not person.has(first.grouped_reference)
    person.follow("Cancel the visit").press("Cancel it")
    assert (status_of(first), status_of(second)) == (Status.CONFIRMED, Status.CANCELLED)
    assert person.open("/book/booked/").has(first.grouped_reference)
    assert person.open("/my/").has(first.grouped_reference)


def test_the_session_gets_a_new_key_when_the_check_is_passed():
    consultation = make.confirmed()
    person = Person().open(link_to(consultation))
    before = person.client.session.session_key
    person.press("Show my consultation", answer="1990")
    assert person.client.session.session_key != before


# --- Where it stands -------------------------------------------------------------------------------


def test_each_status_is_said_in_words_with_what_can_be_done():
    waiting = Person().opens_own_page(make.waiting(entered_by=make.staff()))
    assert waiting.has("We have your request, and look for a time that suits you.")
    assert waiting.press("Choose a time").url == "/book/when/"
    unsure = Person().opens_own_page(make.waiting(treatment=None, entered_by=make.staff()))
    assert unsure.has("We will write or call to find out what can help you.")
    held = Person().opens_own_page(make.proven())
    assert held.has("We keep it until Sunday 22 November 2026, 10:20")
    assert held.button("Go on with your booking") and held.link("Cancel this request")
    assert held.press("Choose another time").url == "/book/when/"
    done = make.completed(starts_at=make.TOMORROW_AT_9 + HOUR)
    completed = Person().opens_own_page(done)
    assert completed.has("Your visit took place.")
    assert "Move" not in completed.main and completed.link("Read and print what you acknowledged")


def test_an_expired_request_goes_on_where_it_was_left(monkeypatch):
    consultation = make.proven()
    make.acknowledge_all(consultation, leave=2)
    later = make.NOW + 3 * HOUR
    at(monkeypatch, later)
    bookings.actions.expire_holds(now=later)
    person = Person().opens_own_page(consultation)
    assert person.has("We could not keep your time any longer.")
    assert person.press("Go on with your booking").url == "/book/risks/3/"


def test_a_cancelled_visit_says_so_and_offers_to_start_again():
    consultation = make.confirmed()
    bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=False)
    person = Person().opens_own_page(consultation)
    assert person.has("This visit is cancelled.")
    assert person.has("It was to be on Monday 23 November 2026, from 09:00 to 09:20")
    assert not person.page.select(".big-time")
    assert "Open the video room" not in person.main and "Move" not in person.main
    assert person.press("Ask for a new consultation").url == "/"
    person.open("/my/cancel/")
    assert person.url == "/my/"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (4, "by e-mail 3 days, 1 day and 1 hour before"),
        (2, "by e-mail 1 day and 1 hour before"),
        (1, "by e-mail 1 hour before"),
    ],
)
def test_booked_names_only_reminders_that_are_still_to_come(days, words):
    consultation = make.confirmed(starts_at=make.TOMORROW_AT_9 + (days - 1) * 24 * HOUR)
    person = Person().walks(consultation).open("/book/booked/")
    assert person.has(words)


def test_booked_names_no_reminder_where_none_is_to_come():
    consultation = make.confirmed()
    Consultation.objects.update(email="")
    assert "We remind you" not in Person().walks(consultation).open("/book/booked/").main


def test_booked_says_how_its_mail_stands_and_a_reload_sends_none():
    consultation = make.confirmed()
    person = Person().walks(consultation).open("/book/booked/")
    assert person.has(f"The confirmation is on its way to {consultation.email}")
    mail = Message.objects.create(
        consultation=consultation,
        kind=Kind.CONFIRMED,
        about=consultation.reference,
        addressee=consultation.email,
        language="en",
        due_at=make.NOW,
        useful_until=make.TOMORROW_AT_9,
        next_try_at=make.NOW,
    )
    are_sent(Message.objects.all(), now=make.NOW)
    assert person.reload().has(f"We sent the confirmation to {consultation.email}")
    Message.objects.update(state=MessageState.GAVE_UP, sent_at=None)
    assert person.reload().link("Change my e-mail address")["href"] == "/my/address/"
    assert Message.objects.get() == mail
