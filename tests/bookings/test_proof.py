"""Proving an address: codes, links, the light check; tries are counted, old ones end."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links
from bookings.links import Purpose
from bookings.models import NotPossibleNow, Patient
from tests import make

pytestmark = pytest.mark.django_db
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


def wrong(consultation) -> str:
    return f"{(int(links.code(consultation)) + 1) % 1_000_000:06d}"


def prove(consultation, code=None, now=make.NOW):
    return bookings.actions.prove_by_code(
        consultation=consultation, code=code or links.code(consultation), now=now
    )


def test_the_right_code_proves_and_twice_is_harmless():
    consultation = prove(make.held())
    assert (consultation.proven_by, consultation.proven_at) == ("email_code", make.NOW)
    assert prove(consultation, now=make.NOW + DAY).proven_at == make.NOW
    assert Patient.objects.count() == 1


def test_a_code_ends_after_ten_minutes():
    consultation = make.held()
    with pytest.raises(bookings.actions.CodeRanOut):
        prove(consultation, now=make.NOW + 10 * MINUTE)
    assert prove(consultation, now=make.NOW + 9 * MINUTE).is_proven


def test_five_wrong_tries_end_a_code_and_a_new_one_helps():
    consultation = make.held()
    for _number in range(5):
        with pytest.raises(bookings.actions.WrongCode):
            prove(consultation, wrong(consultation))
    with pytest.raises(bookings.actions.TooManyTries):
        prove(consultation)
    later = make.NOW + MINUTE
    consultation = bookings.actions.send_code(consultation=consultation, now=later)
    assert prove(consultation, now=later).is_proven


def test_a_new_code_ends_the_older_one():
    consultation = make.held()
    old_code, old_link = links.code(consultation), links.token(consultation, Purpose.PROVE)
    consultation = bookings.actions.send_code(consultation=consultation, now=make.NOW + MINUTE)
    if old_code != links.code(consultation):
        with pytest.raises(bookings.actions.WrongCode):
            prove(consultation, old_code)
    with pytest.raises(bookings.actions.LinkEnded):
        bookings.actions.prove_by_link(token=old_link, now=make.NOW + MINUTE)


def test_codes_are_sent_half_a_minute_apart_and_ten_at_most():
    consultation = make.held()
    with pytest.raises(bookings.actions.TooManyTries):
        bookings.actions.send_code(consultation=consultation, now=make.NOW)
    for number in range(1, 10):
        bookings.actions.send_code(consultation=consultation, now=make.NOW + number * MINUTE)
    with pytest.raises(bookings.actions.TooManyTries):
        bookings.actions.send_code(consultation=consultation, now=make.NOW + 11 * MINUTE)


def test_the_link_beside_the_code_proves_and_says_so():
    consultation = make.held()
    token = links.token(consultation, Purpose.PROVE)
    assert bookings.actions.prove_by_link(token=token, now=make.NOW).proven_by == "email_link"


@pytest.mark.parametrize(
    "token", ["", "x", "AAAAAAAA.", "AAAAAAAA.x", "ÄÖÜ.", "\x00.\x00", "A" * 5000]
)
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_token_that_nobody_made_opens_nothing(token, purpose):
    make.held()
    assert links.find(token, purpose) is None


def test_a_token_for_one_purpose_or_person_is_worth_nothing_for_another():
    mine, other = make.held(), make.waiting()
    for purpose in (Purpose.PROVE, Purpose.PAGE, Purpose.ROAD):
        token = links.token(mine, purpose)
        assert links.find(token, purpose) == mine
        for foreign in {Purpose.PROVE, Purpose.PAGE, Purpose.ROAD} - {purpose}:
            assert links.find(token, foreign) is None
        assert links.find(other.reference + token[8:], purpose) is None


def test_another_key_makes_other_links(settings):
    consultation = make.held()
    token = links.token(consultation, Purpose.PAGE)
    settings.LINK_KEY = "another key"
    assert links.find(token, Purpose.PAGE) is None


def test_a_link_to_the_page_holds_ninety_days_past_the_last_step_of_aftercare():
    consultation = make.completed()
    token = links.token(consultation, Purpose.PAGE)
    last = consultation.ends_at + 90 * DAY
    assert bookings.actions.open_page_link(token=token, now=last - MINUTE)
    with pytest.raises(bookings.actions.LinkEnded):
        bookings.actions.open_page_link(token=token, now=last)
    make.aftercare_steps(consultation.treatment, hours=(0, 48))
    bookings.actions.record_session(
        consultation=consultation, took_place_at=last - 50 * DAY, now=last, recorded_by=make.staff()
    )
    # 2 days after the session, of use for 14 more.
    assert bookings.actions.open_page_link(token=token, now=last + 56 * DAY - MINUTE)
    with pytest.raises(bookings.actions.LinkEnded):
        bookings.actions.open_page_link(token=token, now=last + 56 * DAY)


def test_a_new_link_ends_the_older_one():
    consultation = make.confirmed()
    old = links.token(consultation, Purpose.PAGE)
    consultation = bookings.actions.send_link(consultation=consultation, now=make.NOW + MINUTE)
    with pytest.raises(bookings.actions.LinkEnded):
        bookings.actions.open_page_link(token=old, now=make.NOW + MINUTE)
    new = links.token(consultation, Purpose.PAGE)
    assert bookings.actions.open_page_link(token=new, now=make.NOW + MINUTE) == consultation


@pytest.mark.parametrize("answer", ["1990", " 1990 ", "last four"])
def test_the_light_check_takes_the_year_of_birth_or_the_last_digits(answer):
    consultation = make.confirmed()
    if answer == "last four":
        answer = str(consultation.mobile)[-4:]
    assert bookings.actions.check_person(consultation=consultation, answer=answer)


def test_five_wrong_answers_end_the_link():
    consultation = make.confirmed()
    for _number in range(5):
        with pytest.raises(bookings.actions.WrongAnswer):
            bookings.actions.check_person(consultation=consultation, answer="1066")
    with pytest.raises(bookings.actions.TooManyTries):
        bookings.actions.check_person(consultation=consultation, answer="1990")


def test_a_proof_in_person_names_who_and_why():
    consultation = make.held(entered_by=make.staff(), email="")
    with pytest.raises(NotPossibleNow):
        bookings.actions.prove_in_person(consultation=consultation, note="  ", now=make.NOW)
    seen = bookings.actions.prove_in_person(
        consultation=consultation, note="Reception saw the passport; no e-mail", now=make.NOW
    )
    assert (seen.proven_by, seen.patient.email) == ("in_person", "")


def test_correcting_the_name_is_no_way_to_more_tries():
    consultation = make.held()
    typed = make.details(email=consultation.email)
    for _number in range(5):
        with pytest.raises(bookings.actions.WrongCode):
            prove(consultation, wrong(consultation))
    changed = bookings.actions.change_details(consultation=consultation, now=make.NOW, **typed)
    assert changed.code_serial == consultation.code_serial
    with pytest.raises(bookings.actions.TooManyTries):
        prove(changed)


def test_a_request_gets_ten_codes_also_when_its_address_changes():
    consultation = make.held()
    for number in range(9):
        typed = make.details(email=f"other{number}@example.com")
        bookings.actions.change_details(consultation=consultation, now=make.NOW, **typed)
    with pytest.raises(bookings.actions.TooManyTries):
        bookings.actions.change_details(consultation=consultation, now=make.NOW, **make.details())
