"""A dermatologist's page: no change of hours, treatments or seeing patients takes a visit's time."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup

from bookings.models import Consultation, WeeklyHours
from clinic import clock
from clinic.models import Clinic
from tests import desk, make
from tests.bookings.hours import MINUTE, form_of, line_of, said, season

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
AT = make.TOMORROW_AT_9
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def page_of(dermatologist) -> str:
    return desk.url("clinic_dermatologist_change", dermatologist.pk)


def change(dermatologist, **fields):
    """The page sent back by the lead; `monday_starts` changes the line with Monday's hours."""
    client = desk.lead()
    given = form_of(page_of(dermatologist), client)
    monday = line_of(given, 0)
    named = {name.replace("monday_", f"{monday}-"): value for name, value in fields.items()}
    return client.post(page_of(dermatologist), given | named)


def send(dermatologist, **fields):
    client = desk.lead()
    return client.post(page_of(dermatologist), form_of(page_of(dermatologist), client) | fields)


def new_line(number: int = 7, **fields) -> dict:
    """One more line of hours, as the browser numbers it, and the count of lines."""
    line = {"id": "", "season": "", "weekday": "0", "starts": "18:00", "ends": "20:00"} | fields
    return {f"weekly_hours-{number}-{name}": str(value) for name, value in line.items()} | {
        "weekly_hours-TOTAL_FORMS": str(number + 1)
    }


def test_hours_that_leave_a_visit_outside_are_refused_with_its_reference():
    visit = make.confirmed()
    for fields in (
        {"monday_starts": "10:00"},
        {"monday_starts": "09:01"},
        {"monday_ends": "09:19"},
        {"monday_weekday": "1", "monday_starts": "08:00"},
        {"monday_DELETE": "on"},
    ):
        response = change(visit.dermatologist, **fields)
        assert visit.grouped_reference in said(response), fields
    assert visit.dermatologist.weekly_hours.get(weekday=0).starts == dt.time(9)


def test_a_line_that_is_taken_away_with_a_mistake_in_it_is_looked_at_too():
    visit = make.confirmed()
    response = change(visit.dermatologist, monday_DELETE="on", monday_starts="nonsense")
    assert visit.grouped_reference in said(response)
    assert visit.dermatologist.weekly_hours.filter(weekday=0).exists()


def test_a_hold_keeps_its_hours_too_until_it_runs_out(monkeypatch):
    hold = make.held()
    assert hold.grouped_reference in said(change(hold.dermatologist, monday_DELETE="on"))
    monkeypatch.setattr(clock, "now", lambda: make.NOW + 30 * MINUTE)
    assert change(hold.dermatologist, monday_DELETE="on").status_code == 302


def test_hours_without_a_visit_in_them_can_change_and_the_rest_stays():
    visit = make.confirmed()
    row = visit.dermatologist
    response = change(row, monday_starts="08:00", monday_ends="09:20")
    assert response.status_code == 302
    row.refresh_from_db()
    monday = row.weekly_hours.get(weekday=0)
    assert (monday.starts, monday.ends) == (dt.time(8), dt.time(9, 20))
    assert row.languages == ["en", "ar"]
    assert row.treatments.count() == 1


def test_a_visit_that_lay_outside_before_is_in_nobodys_way():
    visit = make.confirmed()
    visit.dermatologist.weekly_hours.filter(weekday=0).update(starts=dt.time(12))
    assert change(visit.dermatologist, monday_DELETE="on").status_code == 302


def test_what_has_to_be_free_after_a_visit_is_no_part_of_it():
    visit = make.confirmed(starts_at=AT + 7 * HOUR + 40 * MINUTE)  # until 17:00, when the hours end
    Clinic.objects.update(buffer_after_minutes=10)
    assert visit.grouped_reference in said(change(visit.dermatologist, monday_ends="16:50"))


def test_a_closure_makes_no_hours_superfluous():
    visit = make.confirmed()
    visit.dermatologist.closures.create(starts_at=AT - HOUR, ends_at=AT + HOUR)
    assert visit.grouped_reference in said(change(visit.dermatologist, monday_DELETE="on"))


def test_hours_go_on_past_midnight_and_keep_the_visit_after_it():
    row = make.dermatologist()
    row.weekly_hours.filter(weekday=0).update(starts=dt.time(21), ends=dt.time(1))
    after_midnight = make.TOMORROW_AT_9 + 15 * HOUR + 20 * MINUTE  # Tuesday, 00:20 in Dubai
    visit = make.confirmed(starts_at=after_midnight)
    assert visit.grouped_reference in said(change(row, monday_ends="00:00"))
    assert change(row, monday_ends="00:40").status_code == 302
    assert "go on past midnight" in said(desk.lead().get(page_of(row)))


def test_two_lines_that_meet_hold_a_visit_across_their_border():
    visit = make.confirmed(starts_at=AT + HOUR)
    given = {"monday_ends": "10:10"}
    row = visit.dermatologist
    assert visit.grouped_reference in said(change(row, **given))
    client = desk.lead()
    form = form_of(page_of(row), client)
    monday = line_of(form, 0)
    form |= new_line(starts="10:10", ends="17:00") | {f"{monday}-ends": "10:10"}
    assert client.post(page_of(row), form).status_code == 302


def test_hours_of_a_season_take_the_place_of_the_usual_ones():
    visit = make.confirmed()
    row, ramadan = visit.dermatologist, season()
    evening = new_line(season=ramadan.pk, starts="20:00", ends="01:00")
    assert visit.grouped_reference in said(send(row, **evening))
    morning = new_line(season=ramadan.pk, starts="09:00", ends="11:00")
    assert send(row, **morning).status_code == 302
    assert row.weekly_hours.get(season=ramadan).ends == dt.time(11)
    # Now the usual Monday is nobody's on that day.
    assert change(row, monday_DELETE="on").status_code == 302


def test_the_lines_name_the_season_or_the_usual_hours():
    row = make.dermatologist()
    make.clinic()
    WeeklyHours.objects.create(
        dermatologist=row, season=season(), weekday=0, starts=dt.time(20), ends=dt.time(1)
    )
    soup = BeautifulSoup(desk.lead().get(page_of(row)).content, "html.parser")
    chosen = [one.get_text() for one in soup.select("select[name$=-season] option[selected]")]
    assert sorted(chosen) == ["Ramadan"] + ["Usual hours"] * 8  # the last is the empty line


def test_the_same_beginning_twice_is_refused_in_words():
    make.clinic()
    row = make.dermatologist()
    response = send(row, **new_line(starts="09:00"))
    assert response.status_code == 200
    response = send(row, **(new_line(7) | new_line(8)))
    assert "Two lines begin at the same time of the same day." in said(response)
    assert row.weekly_hours.count() == 7


def test_hours_that_last_no_time_are_refused_and_a_whole_day_is_not():
    make.clinic()
    row = make.dermatologist()
    assert change(row, monday_ends="09:00").status_code == 200
    assert change(row, monday_starts="00:00", monday_ends="00:00").status_code == 302


def test_a_clock_change_is_reckoned_with():
    """In Berlin the hours 02:00 to 03:00 of 28 March 2027 do not exist: nothing is lost with them."""
    visit = make.confirmed()
    row = visit.dermatologist
    row.weekly_hours.filter(weekday=6).update(starts=dt.time(1), ends=dt.time(4))
    Clinic.objects.update(zone="Europe/Berlin")
    at_3 = dt.datetime(2027, 3, 28, 1, 0, tzinfo=dt.UTC)
    Consultation.objects.update(starts_at=at_3, ends_at=at_3 + 20 * MINUTE)
    client = desk.lead()
    form = form_of(page_of(row), client)
    sunday = line_of(form, 6)
    assert client.post(page_of(row), form | {f"{sunday}-starts": "02:10"}).status_code == 302
    response = client.post(page_of(row), form | {f"{sunday}-starts": "03:01"})
    assert visit.grouped_reference in said(response)


def test_who_has_visits_goes_on_seeing_patients():
    visit = make.confirmed()
    client, row = desk.lead(), visit.dermatologist
    given = form_of(page_of(row), client)
    del given["is_active"]
    assert visit.grouped_reference in said(client.post(page_of(row), given))
    row.refresh_from_db()
    assert row.is_active
    make.held(starts_at=AT + HOUR, dermatologist=make.dermatologist("arjun"))
    row.consultations.update(starts_at=AT - 10 * HOUR * 24, ends_at=AT - 10 * HOUR * 24 + HOUR)
    assert client.post(page_of(row), given).status_code == 302  # what is past is no reason
    row.refresh_from_db()
    assert not row.is_active


def test_a_treatment_is_kept_while_visits_are_booked_about_it():
    visit = make.confirmed()
    row, other = visit.dermatologist, make.treatment("laser", risks=0)
    response = send(row, treatments=[str(other.pk)])
    assert visit.grouped_reference in said(response)
    assert list(row.treatments.all()) == [visit.treatment]
    both = [str(visit.treatment.pk), str(other.pk)]
    assert send(row, treatments=both).status_code == 302
    assert send(row, treatments=both[:1]).status_code == 302  # nobody asked about the other one


def test_most_visits_a_day_is_for_new_bookings_and_refuses_nothing():
    visit = make.confirmed()
    make.confirmed(starts_at=AT + HOUR)
    assert send(visit.dermatologist, visits_per_day="1").status_code == 302
    visit.dermatologist.refresh_from_db()
    assert visit.dermatologist.visits_per_day == 1
    assert send(visit.dermatologist, visits_per_day="0").status_code == 200


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_page_costs_as_many_queries_for_three_lines_as_for_one(
    how_many, django_assert_num_queries
):
    make.clinic()
    row = make.dermatologist()
    row.weekly_hours.filter(weekday__gte=how_many).delete()
    client = desk.lead()
    # clinic, session, user, savepoint (2), permissions (2), row, users, treatments (2), lines,
    # seasons
    with django_assert_num_queries(12):
        client.get(page_of(row))


def test_only_the_lead_changes_hours():
    row = make.dermatologist()
    make.clinic()
    for client in (desk.reception(), desk.dermatologist()):
        assert client.get(page_of(row)).status_code == 403
        assert client.post(page_of(row), {}).status_code == 403
