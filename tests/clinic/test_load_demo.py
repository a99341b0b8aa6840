"""The demo clinic: loaded twice it is the same, it has every status, and production refuses it."""

import collections
import datetime as dt
import re

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import F

from bookings.models import Consultation, Opening, Season, Status, WeeklyHours
from clinic.management import demo_catalogue, demo_weeks
from clinic.models import AftercarePlan, AftercareStep, Clinic, Dermatologist, Treatment
from consent.models import ConsentRecord, Review, RiskList

pytestmark = pytest.mark.empty_clinic


@pytest.fixture(scope="module")
def demo(test_databases, django_db_setup, django_db_blocker):
    """The demo, loaded once for all the facts below into a database of its own."""
    with django_db_blocker.unblock(), test_databases.copy(risks=None):
        call_command("load_demo")
        yield


def counted() -> list[int]:
    models = (Clinic, Treatment, Dermatologist, RiskList, AftercarePlan, AftercareStep)
    hours = (Season, WeeklyHours, Opening)
    return [model.objects.count() for model in (*models, *hours, Consultation, User)]


def test_the_demo_has_a_consultation_in_every_status(demo):
    found = collections.Counter(Consultation.objects.values_list("status", flat=True))
    assert set(found) == set(Status.values)
    assert found["completed"] >= 10
    assert found["confirmed"] >= 10
    assert Consultation.objects.filter(status=Status.WAITING, treatment=None).exists()
    assert Review.objects.exists()


def test_the_demo_can_be_loaded_twice(demo):
    before = counted()
    call_command("load_demo")
    assert counted() == before
    assert before[:6] == [1, 2, 3, 2, 2, 12]


def test_the_demos_aftercare_is_reviewed_and_published_and_goes_on_to_week_twelve(demo):
    plans = AftercarePlan.objects.order_by("treatment__position")
    assert [plan.state for plan in plans] == ["published", "published"]
    assert all(plan.reviewed_by.user.username == "dermatologist" for plan in plans)
    steps = AftercareStep.objects.live().filter(plan__treatment__slug="mesotherapy")
    week = 7 * 24
    hours = [0, 6, 24, 48, week, 3 * week, 6 * week, 12 * week]
    assert list(steps.values_list("hours_after", flat=True)) == hours
    first = steps.first()
    for icing in (first, steps.get(hours_after=6)):
        assert "still numb" in icing.body_en and "مخدر" in icing.body_ar
        for who_must_not in ("poor blood circulation", "nerve damage", "cold urticaria"):
            assert who_must_not in icing.body_en
    numbered = [line for line in first.body_en.splitlines() if re.match(r"\d\. ", line)]
    assert len(numbered) == 5 and "never over 15" in first.body_en
    assert all("998" in step.emergency_en and "998" in step.emergency_ar for step in steps)


def test_the_demo_has_a_season_past_midnight_an_extra_opening_and_a_longer_visit(demo):
    ramadan = Season.objects.get()
    assert ramadan.first_day <= dt.date(2027, 2, 10) <= ramadan.last_day
    assert ramadan.weekly_hours.filter(ends__lte=F("starts")).exists()
    opening = Opening.objects.get()
    assert opening.starts_at.weekday() == 5
    assert Treatment.objects.get(slug="laser-hair-removal").visit_minutes == 30


def test_the_demos_evidence_is_marked_as_demo_data(demo):
    assert ConsentRecord.objects.exists()
    assert not ConsentRecord.objects.filter(reading__is_demo=False).exists()


def test_if_empty_leaves_a_clinic_that_stands_alone(demo, capsys):
    before = counted()
    call_command("load_demo", "--if-empty")
    assert "nothing was loaded" in capsys.readouterr().out
    assert counted() == before


@pytest.mark.parametrize(
    "moment",
    ["2026-11-23T00:30", "2026-11-27T20:00", "2026-11-22T09:00"],
    ids=["Monday before dawn", "Friday night", "Sunday noon"],
)
@pytest.mark.django_db
def test_the_demo_can_be_loaded_at_any_hour_of_the_week(moment):
    now = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
    demo_catalogue.load(now=now)
    assert demo_weeks.load(now=now) == len(demo_weeks.STORIES)
    begun = Consultation.objects.filter(status__in=["arrived", "completed", "no_show"])
    assert begun.count() == begun.filter(starts_at__lt=now).count()
    assert not Consultation.objects.filter(status="confirmed", starts_at__lt=now).exists()


def test_production_refuses_the_demo(db, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError):
        call_command("load_demo")
    assert not Clinic.objects.exists()
