"""A risk list from its draft to its publication: who may do what, and what is refused in words."""

import json

import pytest

import consent.actions
from bookings.models import NotPossibleNow
from clinic.models import Dermatologist, VersionState
from consent import ledger
from consent.bodies import publication_of
from consent.models import Change, EntryKind, LedgerEntry, Remark, Risk, RiskList
from tests import make

pytestmark = pytest.mark.django_db


def draft(**fields) -> RiskList:
    return make.risk_list(make.treatment(), **fields)


def refusal(act, **arguments) -> NotPossibleNow:
    with pytest.raises(NotPossibleNow) as error:
        act(**arguments)
    return error.value


def submitted(row: RiskList, **said) -> RiskList:
    said = {"change": "material", "change_note": "Clearer."} | said
    return consent.actions.submit_for_review(risk_list=row, **said)


def test_a_list_goes_to_review_with_its_change_and_why():
    row = submitted(draft(), change="editorial", change_note="  A comma.  ")
    assert (row.state, row.change, row.change_note) == ("in_review", "editorial", "A comma.")


def test_the_first_version_is_the_first_and_says_why_too():
    row = make.risk_list(make.treatment("peel", risks=0))
    said = refusal(submitted, row=row, change="", change_note=" ")
    assert (str(said), said.field) == ("Say why the list changes.", "change_note")
    assert refusal(submitted, row=row, change="editorial").field == "change"
    assert submitted(row, change="").change == Change.FIRST


def test_a_later_version_says_what_kind_of_change_it_is():
    said = refusal(submitted, row=draft(), change="")
    assert said.field == "change" and "asked again" in str(said)
    assert refusal(submitted, row=draft(), change="first").field == "change"
    assert refusal(submitted, row=draft(), change="tiny").field == "change"


@pytest.mark.parametrize("risks", [3, 5], ids=["removed", "added"])
def test_to_add_or_to_remove_a_side_effect_is_never_editorial(risks):
    row = draft(risks=risks)
    said = refusal(submitted, row=row, change="editorial")
    assert str(said) == ("A side effect was added or removed: this is a change of what is said.")
    assert submitted(row, change="material").state == VersionState.IN_REVIEW


def test_another_order_alone_may_be_editorial():
    row = draft()
    for position, risk in enumerate(row.risks.order_by("-position"), 11):
        Risk.objects.filter(pk=risk.pk).update(position=position)
    assert submitted(row, change="editorial").state == VersionState.IN_REVIEW


@pytest.mark.parametrize("column", ["name_ar", "what_helps_en", "when_to_call_ar"])
def test_a_list_with_words_missing_is_not_sent(column):
    row = draft()
    Risk.objects.filter(pk=row.risks.first().pk).update(**{column: ""})
    assert str(refusal(submitted, row=row)) == "Words are missing in one of the languages."


def test_how_often_is_said_in_both_languages_or_in_neither():
    row = draft()
    Risk.objects.filter(pk=row.risks.first().pk).update(how_often_en="1 of 10.")
    assert "in both languages" in str(refusal(submitted, row=row))


def test_an_empty_list_is_not_sent():
    assert "at least one" in str(refusal(submitted, row=draft(risks=0)))


def test_a_list_that_nobody_wrote_is_not_sent():
    row = consent.actions.start_list(treatment=make.treatment(), written_by=None)
    assert "Nobody is named as the writer" in str(refusal(submitted, row=row))


def test_a_hidden_sign_is_refused_with_its_place():
    said = "There is a sign that nobody can see (U+202E) after “Clearer words”. Delete it."
    with pytest.raises(NotPossibleNow) as error:
        submitted(draft(), change_note="Clearer words\u202e and more")
    assert (str(error.value), error.value.field) == (f"why it changes: {said}", "change_note")
    row = make.in_review(draft())
    with pytest.raises(NotPossibleNow, match="at the beginning"):
        consent.actions.send_back(
            risk_list=row, remark="\u200bNo.", sent_back_by=make.staff("second"), now=make.NOW
        )


def test_only_a_draft_is_sent_to_review():
    row = make.in_review(draft())
    assert str(refusal(submitted, row=row)) == "Only a draft can be sent to review."


def reviewed(row: RiskList, by) -> RiskList:
    return consent.actions.review_wording(risk_list=row, reviewed_by=by, now=make.NOW)


def test_a_dermatologist_reviews_with_their_licence():
    row = make.reviewed(draft())
    reviewer = Dermatologist.objects.get(user=row.reviewed_by)
    assert (row.reviewed_at, row.reviewer_licence) == (make.NOW, reviewer.licence_number)
    other = make.dermatologist(
        "other", treatments=[], user=make.staff("other", group="Dermatologists")
    )
    assert reviewed(row, other.user).reviewed_by == reviewer.user  # it stands


def test_only_a_dermatologist_reviews_and_never_their_own_words():
    row = make.in_review(draft())
    said = refusal(reviewed, row=row, by=make.staff("clerk"))
    assert str(said) == "Only a dermatologist can review a risk list."
    linked = make.dermatologist("lead2", treatments=[], user=make.staff("lead2", group="Lead"))
    said = refusal(reviewed, row=row, by=linked.user)
    assert str(said) == "Only a dermatologist can review a risk list."
    make.dermatologist("writer", treatments=[], user=row.written_by)
    said = refusal(reviewed, row=row, by=row.written_by)
    assert str(said) == "A second person has to review this version."
    reviewer = make.dermatologist(
        "other", treatments=[], user=make.staff("other", group="Dermatologists")
    ).user
    assert "Only a list in review" in str(refusal(reviewed, row=draft(), by=reviewer))


def test_a_list_that_is_sent_back_keeps_the_remark_and_loses_its_review():
    row = make.reviewed(draft())
    second = make.staff("second")
    row = consent.actions.send_back(
        risk_list=row, remark=" Say how long. ", sent_back_by=second, now=make.NOW
    )
    assert (row.state, row.reviewed_by, row.reviewer_licence) == ("draft", None, "")
    remark = Remark.objects.get(risk_list=row)
    assert (remark.words, remark.written_by, remark.written_at) == (
        "Say how long.",
        second,
        make.NOW,
    )
    assert row.change_note == "Clearer words."  # to be said anew from here
    said = refusal(published, row=make.in_review(row), by=second)
    assert str(said) == "A dermatologist has to review this version first."


def test_only_a_list_in_review_is_sent_back_and_never_without_a_word():
    back = consent.actions.send_back
    said = {"sent_back_by": make.staff("second"), "now": make.NOW}
    assert "Only a list in review" in str(refusal(back, risk_list=draft(), remark="No.", **said))
    row = make.in_review(draft())
    assert refusal(back, risk_list=row, remark=" ", **said).field == "remark"


def published(row: RiskList, by, **said) -> RiskList:
    return consent.actions.publish(risk_list=row, published_by=by, now=make.NOW, **said)


def test_a_publication_takes_a_review_and_a_second_person():
    second = make.staff("second")
    assert "Only a list in review" in str(refusal(published, row=draft(), by=second))
    row = make.in_review(draft())
    assert "has to review this version first" in str(refusal(published, row=row, by=second))
    row = make.reviewed(draft())
    assert "A second person has to publish" in str(refusal(published, row=row, by=row.written_by))
    third = make.staff("third")
    assert published(row, third).published_by == third


def test_a_publication_twice_by_the_same_person_is_one_and_by_another_is_refused():
    row, third = make.reviewed(draft()), make.staff("third")
    first = published(row, third)
    again = published(row, third, previewed="what went live")
    assert (again.entry_id, again.published_at) == (first.entry_id, first.published_at)
    assert "Only a list in review" in str(refusal(published, row=row, by=make.staff("second")))
    published(make.reviewed(draft()), third)  # the next version retires it
    assert "Only a list in review" in str(refusal(published, row=row, by=third))


def test_a_publication_retires_the_version_before():
    live = make.treatment().risk_lists.get()
    row = make.publish(draft())
    live.refresh_from_db()
    assert (live.state, row.state) == (VersionState.RETIRED, VersionState.PUBLISHED)
    assert RiskList.objects.live_for(row.treatment) == row


def test_a_version_that_another_one_overtook_says_anew_what_it_changes():
    treatment = make.treatment("peel", risks=0)
    first, second = make.risk_list(treatment), make.risk_list(treatment)
    first, second = make.reviewed(first), make.reviewed(second)
    assert first.change == second.change == Change.FIRST
    published(second, make.staff("second"))
    said = refusal(published, row=first, by=make.staff("second"))
    assert "say anew what kind of change this is" in str(said)
    # An editorial change whose list then differs by a whole side effect:
    words = make.reviewed(make.risk_list(treatment), change="editorial")
    make.publish(make.risk_list(treatment, risks=5))
    said = refusal(published, row=words, by=make.staff("second"))
    assert "added or removed" in str(said)


def test_what_is_published_is_what_was_previewed():
    row = make.reviewed(draft())
    previewed = consent.actions.preview_of(row)
    second = make.staff("second")
    consent.actions.send_back(risk_list=row, remark="x", sent_back_by=second, now=make.NOW)
    row.risks.filter(position=1).update(name_en="Infected skin")
    row.refresh_from_db()
    row = make.reviewed(row)
    said = refusal(published, row=row, by=second, previewed=previewed)
    assert "has changed since you looked" in str(said)
    assert published(row, second, previewed=consent.actions.preview_of(row)).entry_id


def test_a_publication_is_an_entry_of_every_word_and_names_no_staff():
    first = make.treatment().risk_lists.get()
    row = make.publish(draft(), change="editorial")
    entry = LedgerEntry.objects.get(entry_hash=row.entry_id)
    said = json.loads(bytes(entry.content))
    risk = row.risks.order_by("position").first()
    assert (entry.kind, entry.consultation) == (EntryKind.PUBLICATION, None)
    assert said | publication_of(row) == said
    assert said["risks"][0]["name"] == {"en": risk.name_en, "ar": risk.name_ar}
    assert said["risks"][0]["key"] == "skin-infection" and len(said["risks"]) == 4
    assert (said["change"], said["note"]) == ("editorial", "Clearer words.")
    assert (said["written_by"], said["published_by"]) == (row.written_by_id, row.published_by_id)
    assert said["reviewed_by"] == row.reviewer_licence
    assert said["previous"] == first.entry_id
    assert ledger.sha256(bytes(entry.content)) == row.entry_id
    text = bytes(entry.content).decode()
    assert "second" not in text and "lead" not in text


def test_the_bodies_of_older_publications_are_made_alike_later():
    lists = [make.treatment().risk_lists.get()]
    lists += [make.publish(draft()), make.publish(draft(), change="editorial")]
    before = ""
    for row in lists:
        row.refresh_from_db()
        said = json.loads(bytes(row.entry.content))
        assert said | publication_of(row) == said
        assert said["previous"] == before
        before = row.entry_id
