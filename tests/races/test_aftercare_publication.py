"""Two publications at once, and words that are written while a plan is sent to review."""

import pytest
from django.db import DatabaseError

from clinic import actions
from clinic.errors import NotPossibleNow
from clinic.models import AftercarePlan
from tests import make
from tests.races.test_publication import Late

pytestmark = pytest.mark.one_risk


def publish(plan: AftercarePlan) -> AftercarePlan:
    return actions.publish_plan(plan=plan, published_by=make.staff("second"), now=make.NOW)


def alone(plan: AftercarePlan) -> AftercarePlan:
    """What a publication would be that asked nobody to wait."""
    AftercarePlan.objects.filter(pk=plan.pk).update(
        state="published", published_by=make.staff("second"), published_at=make.NOW
    )
    return plan


@pytest.fixture
def two(committed_db) -> tuple[AftercarePlan, AftercarePlan]:
    """Two reviewed plans of one treatment, which has none."""
    older, newer = (make.plan(make.treatment(), hours=(0, number)) for number in (6, 24))
    return make.reviewed_plan(older), make.reviewed_plan(newer)


def test_two_publications_come_one_after_the_other_and_one_plan_is_live(two):
    both = Late()
    first = both.starts(lambda: publish(two[0]))
    second = both.meets(lambda: publish(two[1]))
    assert not second.done()
    both.may_commit.set()
    first.result(30), second.result(30)
    states = AftercarePlan.objects.order_by("version").values_list("state", flat=True)
    assert list(states) == ["retired", "published"]


def test_the_older_one_loses_to_a_newer_one_that_is_published_first(two):
    both = Late()
    first = both.starts(lambda: publish(two[1]))
    second = both.meets(lambda: publish(two[0]))
    both.may_commit.set()
    first.result(30)
    with pytest.raises(NotPossibleNow, match="was published meanwhile"):
        second.result(30)


def test_without_waiting_the_second_would_meet_the_database_instead(two):
    """The twin: PostgreSQL alone lets one of them be live too, but with an error for a person."""
    both = Late()
    first = both.starts(lambda: alone(two[0]))
    second = both.meets(lambda: alone(two[1]))
    both.may_commit.set()
    first.result(30)
    with pytest.raises(DatabaseError) as error:
        second.result(30)
    name = error.value.__cause__.diag.constraint_name
    assert name == "one_live_aftercare_plan_per_treatment"


def test_words_that_are_written_while_the_plan_is_sent_come_too_late(committed_db):
    plan, both = make.plan(make.treatment(), hours=(0,)), Late()
    first = both.starts(lambda: actions.submit_for_review(plan=plan, change_note="New."))
    second = both.meets(lambda: make.write_step(plan, 24))
    assert not second.done()
    both.may_commit.set()
    assert first.result(30).state == "in_review"
    with pytest.raises(DatabaseError) as error:
        second.result(30)
    assert error.value.__cause__.diag.constraint_name == "steps_change_only_in_a_draft"
    assert plan.steps.count() == 1
