"""The patient's road up to the proven address, walked in pages: every question and every refusal."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.test import RequestFactory

import bookings.actions
from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation, Status
from bookings.road import client_ip
from clinic import clock
from tests import make
from tests.person import Person

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
AT_9 = "huda|2026-11-23T05:00:00Z"
AT_10 = "huda|2026-11-23T06:00:00Z"
YOU = {
    "visit_for": "me",
    "patient_name": "Aisha Rahman",
    "email": "aisha@example.com",
    "mobile": "050 123 4567",
    "birth_date_day": "17",
    "birth_date_month": "5",
    "birth_date_year": "1990",
}


@pytest.fixture(autouse=True)
def open_clinic(monkeypatch):
    make.clinic()
    open_from_9_to_11()
    set_clock(monkeypatch, make.NOW)


def open_from_9_to_11(name="huda", **fields):
    """Few times make small pages, which are read sooner."""
    row = make.dermatologist(name, **fields)
    row.weekly_hours.update(ends=dt.time(11))
    return row


def set_clock(monkeypatch, now):
    monkeypatch.setattr(clock, "now", lambda: now)


def at_when() -> Person:
    person = Person().open("/").follow("Start now")
    return person.press("Continue", about="mesotherapy|cellulite")


def at_about_you(time=AT_9) -> Person:
    return at_when().press("Continue", time=time)


def at_code(**you) -> Person:
    return at_about_you().press("Continue", **{**YOU, **you})


def the_request() -> Consultation:
    return Consultation.objects.get()


def code() -> str:
    return links.code(the_request())


# --- Start, what about -----------------------------------------------------------------------


def test_the_start_page_stores_nothing():
    person = Person().open("/")
    assert person.status == 200
    assert not person.client.cookies
    assert not Session.objects.exists()
    assert "998" in person.text


def test_the_start_page_leads_on_where_one_was_and_forgets_on_demand():
    person = at_about_you().open("/")
    assert "no-store" in person.response["Cache-Control"]
    assert person.follow("Go on where you were").url == "/book/about-you/"
    person.open("/book/start-over/").press("Start again")
    assert person.follow("Start now").value("about") is None


def test_starting_over_lets_an_unproven_time_go():
    at_code().open("/").press("Start a new request")
    assert the_request().status == Status.CANCELLED


def test_no_choice_is_an_error_that_says_what_to_do():
    person = Person().open("/book/what/").press("Continue")
    assert person.status == 400
    assert person.page.title.get_text().startswith("Error:")
    assert "I am not sure" in person.errors[0]


@pytest.mark.parametrize("answer", ["botox|face", "mesotherapy|unknown", "\x00|", "x" * 5000])
def test_an_unknown_answer_is_refused_and_stores_nothing(answer):
    person = Person().open("/book/what/").press("Continue", about=answer)
    assert person.status == 400
    assert not Consultation.objects.exists()


def test_who_is_not_sure_says_which_times_suit_and_then_waits():
    person = Person().open("/book/what/").press("Continue", about="not-sure")
    assert person.url == "/book/other-times/"
    person.press("Continue", preferred_days=["0", "2"], preferred_part="morning")
    person.press("Continue", **YOU)
    assert person.url == "/book/code/"
    asked = the_request()
    assert (asked.status, asked.treatment, asked.preferred_days) == (Status.WAITING, None, [0, 2])
    person.press("Continue", code=code())
    assert person.url == "/book/waiting/"
    assert asked.grouped_reference in person.text


def test_another_treatment_lets_go_of_a_time_with_a_dermatologist_who_does_not_offer_it():
    laser = make.treatment("laser")
    open_from_9_to_11("omar", treatments=[laser])
    person = at_code().open("/book/what/")
    assert person.value("about") == "mesotherapy|cellulite"
    person.press("Continue", about="laser|cellulite")
    assert person.url == "/book/when/"
    asked = the_request()
    assert (asked.treatment, asked.status, asked.starts_at) == (laser, Status.WAITING, None)
    person.press("Continue", time=AT_9.replace("huda", "omar"))
    assert the_request().status == Status.HELD


# --- When ------------------------------------------------------------------------------------


def test_the_next_three_times_come_first_then_the_days():
    person = at_when()
    assert person.values("time")[:4] == [
        "huda|2026-11-23T05:00:00Z",
        "huda|2026-11-23T05:20:00Z",
        "huda|2026-11-23T05:40:00Z",
        "huda|2026-11-23T06:00:00Z",
    ]
    assert "Dubai time (GMT+4)" in person.text
    assert "Your time" not in person.text
    first = person.text
    assert person.follow("Later days").text != first
    assert "The next free times" not in person.text
    assert person.follow("Earlier days").text == first


def test_the_own_zone_stands_beside_the_clinics_and_is_kept():
    person = at_when().press("Show these times", zone="Europe/London")
    assert "Your time: Monday 23 November 2026, 05:00, London time (GMT)" in person.text
    person.press("Continue", time=AT_9)
    assert person.value("zone") == "Europe/London"
    assert "05:00" in person.text


def test_times_are_filtered_by_dermatologist_and_language():
    open_from_9_to_11("omar", languages=["ar"])
    person = at_when().press("Show these times", dermatologist="omar")
    assert {value.partition("|")[0] for value in person.values("time")} == {"omar"}
    person.press("Show these times", dermatologist="", language="en")
    assert {value.partition("|")[0] for value in person.values("time")} == {"huda"}
    person.press("Show these times", dermatologist="omar", language="en")
    assert "No free times with this choice" in person.text


@pytest.mark.parametrize(
    "query", ["from=x", "from=9999-99-99", "zone=Mars", "language=xx", "dermatologist=%00"]
)
def test_a_nonsense_filter_is_ignored(query):
    assert at_when().open(f"/book/when/?{query}").status == 200


def test_no_time_chosen_is_an_error():
    person = at_when().press("Continue")
    assert (person.status, person.errors) == (400, ["Choose a time."])
    assert person.page.title.get_text().startswith("Error:")


@pytest.mark.parametrize(
    "value",
    [
        "huda|2026-11-23T05:10:00Z",
        "huda|2020-01-01T05:00:00Z",
        "huda|9999-12-31T23:59:59Z",
        "huda|0001-01-01T00:00:00Z",
        "nobody|2026-11-23T05:00:00Z",
        "\x00|2026-11-23T05:00:00Z",
        "nonsense",
    ],
)
def test_a_time_that_cannot_be_booked_offers_the_nearest_three(value):
    person = at_when().press("Continue", time=value)
    assert person.status == 409
    assert len(person.page.select("button[name=time]")) == 3


def test_no_free_time_leads_to_other_times_or_the_phone():
    make.dermatologist().weekly_hours.all().delete()
    person = at_when()
    assert "There are no free times" in person.text
    assert person.follow("Say which times suit me").url == "/book/other-times/"


@pytest.mark.parametrize("doctors", [1, 3])
def test_the_page_of_times_takes_the_same_queries_for_1_and_3_dermatologists(
    doctors, django_assert_num_queries
):
    for name in ["omar", "sara"][: doctors - 1]:
        open_from_9_to_11(name)
    person = at_when()
    with django_assert_num_queries(12):
        person.open("/book/when/")


def test_who_finds_no_time_waits_with_a_treatment():
    person = at_when().follow("None of these times suit me")
    person.press("Continue", preferred_dermatologist="huda").press("Continue", **YOU)
    asked = the_request()
    assert (asked.status, asked.treatment.slug) == (Status.WAITING, "mesotherapy")
    assert asked.preferred_dermatologist.slug == "huda"
    person.press("Continue", code=code())
    person.follow("Choose one of the free times after all").press("Continue", time=AT_9)
    assert the_request().status == Status.HELD


# --- About you -------------------------------------------------------------------------------


def test_about_you_holds_the_time_and_shows_what_was_understood():
    person = at_code(mobile="٠٠٩٧١ ٥٠ ١٢٣ ٤٥٦٧", birth_date_year="١٩٩٠")
    asked = the_request()
    assert asked.status == Status.HELD
    assert asked.hold_expires_at == make.NOW + 20 * MINUTE
    assert asked.ip == "127.0.0.1"
    assert asked.birth_date == dt.date(1990, 5, 17)
    assert "+971 50 123 4567" in person.text
    assert "We keep this time for you until 10:20" in person.text
    assert "aisha@example.com" in person.text
    assert "no-store" in person.response["Cache-Control"]


def test_a_second_press_makes_no_second_request_and_no_second_code():
    person = at_code()
    person.again()
    assert person.url == "/book/code/"
    assert the_request().code_serial == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("visit_for", None, "Choose who the visit is for."),
        ("patient_name", "", "Enter the name"),
        ("patient_name", "Aisha\nBcc: x", "in one line"),
        ("patient_name", "Ai\x00sha", "in one line"),
        ("patient_name", "123", "with letters"),
        ("patient_name", "a" * 121, "at most 120"),
        ("email", "", "Enter your e-mail address."),
        ("email", "aisha@", "in the right form"),
        ("email", "aisha\x00@example.com", "in the right form"),
        ("email", "a" * 250 + "@example.com", "too long"),
        ("mobile", "12", "Enter a phone number"),
        ("mobile", "1" * 400, "Enter a phone number"),
        ("birth_date_day", "31x", "real date of birth"),
        ("birth_date_month", "", "the day, the month and the year"),
        ("birth_date_year", "2030", "in the past"),
        ("birth_date_year", "2015", "under 18"),
        ("language", "fr", "Choose a language."),
        ("zone", "Mars/Base", "Choose a place"),
    ],
)
def test_each_wrong_answer_is_named_and_every_other_one_is_kept(field, value, words):
    person = at_about_you().press("Continue", **{**YOU, field: value})
    assert person.status == 400
    assert len(person.errors) == 1 and words in person.errors[0]
    assert not Consultation.objects.exists()
    kept = Person(person.client).open("/book/about-you/")
    for name, typed in YOU.items():
        if name != field:
            assert kept.value(name) == typed
    kept.press("Continue", **{"language": "en", "zone": "Asia/Dubai", **YOU})
    assert the_request().patient_name == "Aisha Rahman"


def test_a_child_comes_with_a_guardian_who_is_named():
    child = {**YOU, "visit_for": "child", "birth_date_year": "2015"}
    person = at_about_you().press("Continue", **child)
    assert person.errors == ["Enter your own name: you ask for the child."]
    person.press("Continue", guardian_name="Maryam Rahman")
    assert the_request().guardian_name == "Maryam Rahman"


def test_a_mistyped_address_is_asked_about_once():
    person = at_about_you().press("Continue", **{**YOU, "email": "aisha@gmial.com"})
    assert "Did you mean aisha@gmail.com?" in person.errors[0]
    assert not Consultation.objects.exists()
    person.press("Continue")
    assert the_request().email == "aisha@gmial.com"


def test_a_corrected_address_gets_a_new_code():
    person = at_code().follow("Change the address")
    assert person.value("email") == "aisha@example.com"
    assert person.value("birth_date_year") == "1990"
    old = code()
    person.press("Continue", email="aisha@example.org")
    asked = the_request()
    assert (asked.email, asked.code_serial) == ("aisha@example.org", 2)
    person.press("Continue", code=old)
    assert "not the code" in person.errors[0]


def test_the_time_that_somebody_else_took_is_answered_with_three_others_and_every_answer_kept():
    person = at_about_you()
    make.held(starts_at=make.TOMORROW_AT_9)
    person.press("Continue", **YOU)
    assert person.status == 409
    assert "Somebody else has just taken this time" in person.text
    times = [button["value"] for button in person.page.select("button[name=time]")]
    assert times == [
        "huda|2026-11-23T05:20:00Z",
        "huda|2026-11-23T05:40:00Z",
        "huda|2026-11-23T06:00:00Z",
    ]
    person.press("Monday 23 November 2026, 09:20")
    assert person.value("patient_name") == "Aisha Rahman"
    person.press("Continue")
    assert Consultation.objects.get(email="aisha@example.com").status == Status.HELD


def test_too_many_requests_of_one_address_are_refused_in_words():
    for hour in (0, 1):
        make.held(email="aisha@example.com", starts_at=make.TOMORROW_AT_9 + hour * 80 * MINUTE)
    person = at_about_you(AT_10).press("Continue", **YOU)
    assert person.status == 400
    assert "wait for their code" in person.errors[0]
    assert person.value("patient_name") == "Aisha Rahman"


def test_the_treatment_that_is_no_longer_offered_is_asked_anew():
    person = at_about_you()
    treatment = make.treatment()
    treatment.is_offered = False
    treatment.save()
    person.press("Continue", **YOU)
    assert person.status == 409
    assert person.follow("Continue").url == "/book/what/"
    assert not Consultation.objects.exists()


# --- The code --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["{}", " {} ", "{:.3} {}", "{:.3}-{}"])
def test_the_code_is_taken_as_it_was_pasted(how):
    person = at_code()
    digits = code()
    pasted = how.format(digits, digits[3:]) if how.count("{") == 2 else how.format(digits)
    key = person.client.session.session_key
    person.press("Continue", code=pasted)
    assert the_request().is_proven
    assert person.url == "/book/risks/1/"
    assert person.client.session.session_key != key


def test_the_code_is_taken_in_arabic_indic_digits():
    person = at_code()
    arabic = code().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    person.press("Continue", code=arabic)
    assert the_request().is_proven


def test_the_fifth_wrong_try_ends_the_code_and_a_new_one_helps(monkeypatch):
    person = at_code()
    wrong = f"{(int(code()) + 1) % 1_000_000:06d}"
    for _try in range(5):
        person.press("Continue", code=wrong)
        assert person.status == 400
    person.press("Continue", code=code())
    assert "wrong 5 times" in person.errors[0]
    person.press("Send a new code")
    assert "half a minute" in person.text
    set_clock(monkeypatch, make.NOW + MINUTE)
    person.press("Send a new code")
    assert "new code" in person.text
    person.press("Continue", code=code())
    assert the_request().is_proven


@pytest.mark.parametrize("value", ["", "12345", "abcdef", "1234567", "\x00" * 6])
def test_what_is_no_code_costs_no_try(value):
    person = at_code().press("Continue", code=value)
    assert person.status == 400
    assert the_request().code_tries == 0


def test_an_old_code_is_refused(monkeypatch):
    person = at_code()
    set_clock(monkeypatch, make.NOW + 10 * MINUTE)
    assert "This code has ended" in person.open("/book/code/").text
    person.press("Continue", code=code())
    assert "too old" in person.errors[0]


def test_a_hold_that_ran_out_offers_times_and_keeps_every_answer(monkeypatch):
    person = at_code()
    set_clock(monkeypatch, make.NOW + 21 * MINUTE)
    bookings.actions.expire_holds(now=clock.now())
    person.open("/book/code/")
    assert "could not keep your time" in person.text
    person.press("Monday 23 November 2026, 09:00")
    assert person.url == "/book/code/"
    assert the_request().status == Status.HELD
    person.press("Send a new code").press("Continue", code=code())
    assert person.url == "/book/risks/1/"


def test_whose_hold_ran_out_can_still_ask_for_other_times(monkeypatch):
    person = at_code()
    set_clock(monkeypatch, make.NOW + 21 * MINUTE)
    bookings.actions.expire_holds(now=clock.now())
    person.open("/book/other-times/").press("Continue")
    assert (the_request().status, the_request().starts_at) == ("waiting", None)


def test_more_time_renews_the_hold_and_keeps_what_is_typed(monkeypatch):
    person = at_code()
    person.press("Continue", code=code())
    set_clock(monkeypatch, make.NOW + 10 * MINUTE)
    person.open("/book/about-you/").press("I need more time")
    assert person.url == "/book/about-you/"
    assert the_request().hold_expires_at == make.NOW + 30 * MINUTE
    person.open("/book/when/")
    person.press("I need more time", time=AT_10)
    assert person.value("time") == AT_10
    assert the_request().starts_at == make.TOMORROW_AT_9


def test_more_time_leads_to_no_foreign_page():
    person = at_code()
    token = person.page.select_one("[name=csrfmiddlewaretoken]")["value"]
    answer = person.client.post(
        "/book/more-time/", {"here": "https://evil.example/", "csrfmiddlewaretoken": token}
    )
    assert (answer.status_code, answer["Location"]) == (303, "/book/code/")


# --- The link beside the code ----------------------------------------------------------------


def test_seeing_the_link_changes_nothing_and_its_button_proves():
    at_code()
    elsewhere = Person().open(f"/prove/{links.token(the_request(), Purpose.PROVE)}/")
    assert elsewhere.status == 200
    assert "Aisha" not in elsewhere.text
    assert not the_request().is_proven
    elsewhere.press("Yes, this is my address")
    assert the_request().is_proven
    assert elsewhere.url == "/book/risks/1/"


@pytest.mark.parametrize("token", ["x", "AAAAAAAA.xyz", "AAAAAAAA.%00", "é"])
def test_a_link_that_nobody_knows_gets_the_page_for_ended_links(token):
    person = Person().open(f"/prove/{token}/")
    assert person.status == 404
    assert person.page.select("form")


def test_a_link_ends_with_its_code_also_when_it_was_used(monkeypatch):
    person = at_code()
    token = links.token(the_request(), Purpose.PROVE)
    person.press("Continue", code=code())
    assert Person().open(f"/prove/{token}/").status == 200
    set_clock(monkeypatch, make.NOW + 10 * MINUTE)
    assert Person().open(f"/prove/{token}/").status == 404


# --- Out of order ----------------------------------------------------------------------------

PAGES = ["what", "when", "other-times", "about-you", "code", "code/again", "more-time", "waiting"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_out_of_turn_leads_to_the_first_unanswered_question(page):
    assert Person().open(f"/book/{page}/").url == "/book/what/"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_arabic_out_of_turn_leads_to_an_arabic_page(page):
    assert Person().open(f"/ar/book/{page}/").url == "/ar/book/what/"


@pytest.mark.parametrize("page", PAGES)
def test_a_form_out_of_turn_stores_nothing(page):
    person = Person().open("/book/what/")
    token = person.page.select_one("[name=csrfmiddlewaretoken]")["value"]
    sent = {**YOU, "time": AT_9, "code": "123456", "csrfmiddlewaretoken": token}
    answer = person.client.post(f"/book/{page}/", sent)
    assert answer.status_code in (303, 400)
    assert not Consultation.objects.exists()


def test_what_is_typed_after_the_session_ran_out_is_kept():
    person = at_about_you()
    Session.objects.all().delete()
    person.press("Continue", **YOU)
    assert person.url == "/book/what/"
    assert "kept what you typed" in person.text
    person.press("Continue", about="mesotherapy|cellulite").press("Continue", time=AT_9)
    assert person.value("patient_name") == "Aisha Rahman"


def test_a_form_without_the_cookie_says_what_to_do():
    person = at_about_you()
    person.client.cookies.clear()
    person.press("Continue", **YOU)
    assert person.status == 403
    assert "send that once more" in person.text
    assert not Consultation.objects.exists()


def test_a_booked_visit_sends_every_page_of_the_road_to_the_booking():
    person = at_code()
    person.press("Continue", code=code())
    make.sealed(the_request(), now=make.NOW)
    for page in PAGES[:5]:
        assert person.open(f"/book/{page}/").url == "/book/booked/"


def test_a_cancelled_request_says_so_and_starts_again():
    person = at_code()
    bookings.actions.cancel(consultation=the_request(), now=make.NOW, by_patient=True)
    assert person.open("/book/code/").url == "/"
    assert "Your request was cancelled." in person.text
    person.press("Start a new request")
    assert "cancelled" not in person.text


def test_proven_details_are_fixed():
    person = at_code()
    person.press("Continue", code=code()).open("/book/about-you/")
    assert "these answers are fixed" in person.text
    assert person.open("/book/code/").url == "/book/risks/1/"


def test_a_strangers_browser_sees_nothing_of_a_request():
    at_code()
    stranger = Person().open("/book/code/")
    assert stranger.url == "/book/what/"
    assert "aisha" not in stranger.text.lower()


# --- The other language ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "field", "value"),
    [("what", "about", "mesotherapy|cellulite"), ("about-you", "patient_name", "Ai")],
)
def test_the_language_switch_keeps_what_is_half_typed(page, field, value):
    person = at_about_you().open(f"/book/{page}/").press("العربية", **{field: value})
    assert person.url == f"/ar/book/{page}/"
    assert person.page.html["dir"] == "rtl"
    assert person.value(field) == value
    person.press("English")
    assert person.value(field) == value
    assert not Consultation.objects.exists()


def test_the_language_switch_keeps_the_time_the_days_and_the_filters():
    person = at_when().open("/book/when/?language=ar").press("العربية", time=AT_10)
    assert person.url == "/ar/book/when/?language=ar"
    assert person.value("time") == AT_10
    person.open("/ar/book/other-times/").press("English", preferred_days=["5", "6"])
    assert person.value("preferred_days") == ["5", "6"]


def test_the_language_of_the_emails_follows_the_switch_until_another_is_chosen():
    person = at_about_you().press("العربية")
    assert person.value("language") == "ar"
    person.press("English", language="en").press("العربية", language="ar")
    assert person.value("language") == "ar"


# --- Whose address is it? --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (2, "6.6.6.6, 9.9.9.9, 10.0.0.1", "9.9.9.9"),
        (2, "9.9.9.9", "127.0.0.1"),
        (1, "nonsense", None),
    ],
)
def test_an_address_is_believed_as_far_as_our_own_proxies(settings, proxies, forwarded, found):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    assert client_ip(request) == found
