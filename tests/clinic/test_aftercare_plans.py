"""Aftercare plans: written by one person, reviewed by a dermatologist, published by a second person."""

import pytest

from clinic import actions
from clinic.errors import NotPossibleNow
from clinic.models import VERSION_STEPS, AftercarePlan, AftercareStep, Concern, VersionState
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


def draft(*hours: int) -> AftercarePlan:
    return make.plan(make.treatment(), hours=hours or (0, 24))


def publish(row, *, by: str = "second", previewed: str = "") -> AftercarePlan:
    return actions.publish_plan(
        plan=row, published_by=make.staff(by), now=make.NOW, previewed=previewed
    )


def test_every_state_has_its_steps():
    assert set(VERSION_STEPS) == set(VersionState.values)


def test_a_new_version_begins_with_the_words_of_the_newest():
    first = make.publish_plan(draft())
    second = actions.start_plan(treatment=first.treatment, written_by=make.staff("lead"))
    assert (second.version, second.state) == (2, VersionState.DRAFT)
    words = [[step.key, step.hours_after, step.words("ar")] for step in first.steps.all()]
    assert [[step.key, step.hours_after, step.words("ar")] for step in second.steps.all()] == words
    assert AftercareStep.objects.live().count() == 2


def test_a_publication_retires_the_version_before_and_there_is_one_live_plan():
    first = make.publish_plan(draft())
    second = make.publish_plan(draft(6))
    first.refresh_from_db()
    assert (first.state, second.state) == (VersionState.RETIRED, VersionState.PUBLISHED)
    assert AftercarePlan.objects.live_for(make.treatment()) == second
    keys = AftercareStep.objects.live().values_list("key", flat=True)
    assert set(keys) == {"after-0", "after-24", "after-6"}


@pytest.mark.parametrize("part", AftercareStep.PARTS)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_text_that_is_missing_in_one_language_stops_the_plan(part, language):
    row = draft()
    row.steps.filter(key="after-24").update(**{f"{part}_{language}": " "})
    with pytest.raises(NotPossibleNow) as refusal:
        actions.submit_for_review(plan=row, change_note="New.")
    assert "after-24" in str(refusal.value) and "is missing" in str(refusal.value)


def test_warnings_may_be_left_out_in_both_languages():
    row = draft()
    for part in AftercareStep.OPTIONAL:
        row.steps.update(**{f"{part}_en": "", f"{part}_ar": ""})
    assert make.publish_plan(row).state == VersionState.PUBLISHED


def test_a_plan_without_a_step_or_a_reason_is_not_sent():
    empty = actions.start_plan(treatment=make.treatment(), written_by=make.staff("lead"))
    with pytest.raises(NotPossibleNow, match="at least one step"):
        actions.submit_for_review(plan=empty, change_note="New.")
    with pytest.raises(NotPossibleNow) as refusal:
        actions.submit_for_review(plan=draft(), change_note=" ")
    assert refusal.value.field == "change_note"
    with pytest.raises(NotPossibleNow, match=r"U\+202E"):
        actions.submit_for_review(plan=draft(), change_note="New.\u202e!")


def test_its_writer_neither_reviews_nor_publishes_it():
    row = actions.submit_for_review(plan=draft(), change_note="New.")
    huda = make.dermatologist()
    huda.user = make.staff("lead")
    huda.save()
    with pytest.raises(NotPossibleNow, match="second person has to review"):
        actions.review_plan(plan=row, reviewed_by=huda.user, now=make.NOW)
    huda.user = None
    huda.save()
    with pytest.raises(NotPossibleNow, match="second person has to publish"):
        publish(make.reviewed_plan(draft(6)), by="lead")


def test_only_a_dermatologist_reviews_and_without_a_review_nothing_is_published():
    row = actions.submit_for_review(plan=draft(), change_note="New.")
    with pytest.raises(NotPossibleNow, match="Only a dermatologist"):
        actions.review_plan(plan=row, reviewed_by=make.staff("second"), now=make.NOW)
    with pytest.raises(NotPossibleNow, match="A dermatologist has to review"):
        publish(row)


def test_a_second_lead_whose_sign_in_is_linked_to_a_dermatologist_is_none():
    row = actions.submit_for_review(plan=draft(), change_note="New.")
    huda = make.dermatologist()
    huda.user = make.staff("lead2", group="Lead")
    huda.save()
    with pytest.raises(NotPossibleNow, match="Only a dermatologist"):
        actions.review_plan(plan=row, reviewed_by=huda.user, now=make.NOW)
    make.staff("lead2", group="Dermatologists")
    assert actions.review_plan(plan=row, reviewed_by=huda.user, now=make.NOW).reviewed_by == huda


def test_a_plan_that_is_sent_back_is_a_draft_again_and_its_review_is_void():
    row = make.reviewed_plan(draft())
    back = actions.send_back(plan=row, remark="Shorter.")
    assert (back.state, back.reviewed_by, back.remark) == (VersionState.DRAFT, None, "Shorter.")
    assert actions.send_back(plan=row, remark="Shorter.") == back
    with pytest.raises(NotPossibleNow):
        actions.send_back(plan=row, remark="Longer.")
    again = actions.submit_for_review(plan=back, change_note="Shorter.")
    with pytest.raises(NotPossibleNow, match="What should change|Say what"):
        actions.send_back(plan=again, remark=" ")


def test_who_looked_at_other_words_is_asked_to_look_again():
    row = draft()
    seen = actions.preview_of(row)
    row.steps.filter(key="after-24").update(body_en="Something else.")
    sent = actions.submit_for_review(plan=row, change_note="New.")
    huda = make.dermatologist()
    huda.user = make.staff("approver", group="Dermatologists")
    huda.save()
    with pytest.raises(NotPossibleNow, match="has changed since you looked"):
        actions.review_plan(plan=sent, reviewed_by=huda.user, now=make.NOW, previewed=seen)


def test_each_step_done_twice_is_done_once():
    row = draft()
    sent = actions.submit_for_review(plan=row, change_note="New.")
    assert actions.submit_for_review(plan=row, change_note="New.") == sent
    with pytest.raises(NotPossibleNow, match="Only a draft"):
        actions.submit_for_review(plan=row, change_note="Other.")
    reviewed = make.reviewed_plan(make.plan(make.treatment("peeling", risks=0), hours=(0,)))
    live = publish(reviewed)
    assert publish(reviewed).published_at == live.published_at
    with pytest.raises(NotPossibleNow, match="Only a plan in review can be published"):
        publish(reviewed, by="somebody")
    assert actions.retire_plan(plan=live).state == VersionState.RETIRED
    assert actions.retire_plan(plan=live).state == VersionState.RETIRED
    with pytest.raises(NotPossibleNow, match="the version is now “in review”"):
        actions.retire_plan(plan=sent)


def test_an_older_version_is_not_published_over_a_newer_one():
    older, newer = draft(), draft(6)
    make.publish_plan(newer)
    with pytest.raises(NotPossibleNow, match="Version 2 was published meanwhile"):
        publish(make.reviewed_plan(older))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("subject_en", "After your MESOTHERAPY"),
        ("subject_en", "Tips for cellulite: day one"),
        ("subject_en", "بعد السيلوليت"),
        ("subject_ar", "بعد جلسة الميزُوثِيـرابي"),
        ("subject_ar", "بعد جلسة للميزوثيرابي"),
        ("subject_ar", "Mesotherapy"),
        ("title_en", "Icing after mesotherapy"),
        ("body_ar", "بعد الميزوثيرابي: ضعه 10 دقائق."),
        ("red_flags_en", "Call the same day. Mesotherapy can burn."),
    ],
)
def test_a_plan_that_names_the_treatment_or_in_a_subject_its_reason_does_not_go_live(part, words):
    row = draft()
    row.steps.filter(key="after-24").update(**{part: words})
    with pytest.raises(NotPossibleNow) as refusal:
        actions.submit_for_review(plan=row, change_note="New.")
    column = AftercareStep._meta.get_field(part).verbose_name
    assert f"after-24: “{column}” names “" in str(refusal.value)


def test_a_name_that_is_put_in_after_the_review_is_refused_too():
    row = make.reviewed_plan(draft())
    Concern.objects.filter(treatment=row.treatment, slug="cellulite").update(name_en="Your Visit")
    with pytest.raises(NotPossibleNow, match="names “Your Visit”"):
        publish(row)


def test_a_reason_may_stand_in_the_text_itself():
    row = draft()
    row.steps.filter(key="after-24").update(body_en="Cellulite takes time.")
    assert make.publish_plan(row).state == VersionState.PUBLISHED
