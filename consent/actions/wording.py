"""Risk lists up to their publication: a draft, a change that is named, a dermatologist's review."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.models import NotPossibleNow
from clinic.actions import dermatologist_who_is
from clinic.i18n import Language, text_in
from clinic.models import Treatment, VersionState
from clinic.plain_text import trouble_in
from consent import ledger
from consent.bodies import publication_of
from consent.models import Change, Remark, Risk, RiskList


def start_list(*, treatment: Treatment, written_by: User | None) -> RiskList:
    """A new draft: the next version, with the wording of the newest one to work on."""
    with transaction.atomic():
        Treatment.objects.select_for_update(no_key=True).get(pk=treatment.pk)
        newest = treatment.risk_lists.order_by("-version").first()
        draft = RiskList.objects.create(
            treatment=treatment,
            version=newest.version + 1 if newest else 1,
            statement_en=newest.statement_en if newest else "",
            statement_ar=newest.statement_ar if newest else "",
            written_by_id=written_by.pk if written_by else None,
        )
        for risk in newest.risks.order_by("position") if newest else []:
            risk.pk = None
            risk.risk_list = draft
            risk._state.adding = True
            risk.save(force_insert=True)
    return draft


def submit_for_review(*, risk_list: RiskList, change_note: str, change: str = "") -> RiskList:
    """Hands a draft to a second person, with what kind of change it is and why it changes.

    `change` is "material" or "editorial"; the first version of a treatment's list is "first" by itself.
    Sent already with the same words: nothing happens. Raises NotPossibleNow where words are missing or
    hold hidden signs, or the change is another.
    """
    change_note = change_note.strip()
    with transaction.atomic():
        locked = _lock(risk_list)
        if locked.state == VersionState.IN_REVIEW and locked.change_note == change_note:
            if change in ("", locked.change):
                return locked
        if locked.state != VersionState.DRAFT:
            raise NotPossibleNow(_("Only a draft can be sent to review."))
        if locked.written_by_id is None:
            raise NotPossibleNow(
                _("Nobody is named as the writer of this list. Begin a new version.")
            )
        live = RiskList.objects.live_for(locked.treatment)
        locked.change = change or (Change.FIRST if live is None else "")
        locked.change_note = change_note
        if not change_note:
            raise NotPossibleNow(_("Say why the list changes."), field="change_note")
        refuse_to_go_live(locked, live=live)
        locked.move_to(VersionState.IN_REVIEW)
        locked.save(update_fields=["state", "change", "change_note"])
    return locked


def preview_of(risk_list: RiskList) -> str:
    """The fingerprint of what would go live now: every word, the change, the review, what it follows."""
    return ledger.sha256(ledger.canonical(publication_of(risk_list)))


def refuse_unless_previewed(risk_list: RiskList, previewed: str) -> None:
    """Who names what they looked at acts on that alone; "" names nothing."""
    if previewed and previewed != preview_of(risk_list):
        raise NotPossibleNow(_("The list has changed since you looked. Please look again."))


def review_wording(
    *, risk_list: RiskList, reviewed_by: User, now: dt.datetime, previewed: str = ""
) -> RiskList:
    """A dermatologist has read every word of a list in review and stands by it with their licence.

    Reviewed already: nothing happens. `previewed` is the `preview_of` what they read. Raises
    NotPossibleNow for its writer, for who is no dermatologist, and where it is not that any more.
    """
    with transaction.atomic():
        locked = _lock(risk_list)
        if locked.state != VersionState.IN_REVIEW:
            raise NotPossibleNow(_("Only a list in review can be reviewed."))
        if locked.written_by_id == reviewed_by.pk:
            raise NotPossibleNow(_("A second person has to review this version."))
        dermatologist = dermatologist_who_is(reviewed_by)
        if dermatologist is None:
            raise NotPossibleNow(_("Only a dermatologist can review a risk list."))
        if locked.reviewed_by_id is None:
            refuse_unless_previewed(locked, previewed)
            locked.reviewed_by_id = reviewed_by.pk
            locked.reviewed_at = now
            locked.reviewer_licence = dermatologist.licence_number
            locked.save(update_fields=["reviewed_by", "reviewed_at", "reviewer_licence"])
    return locked


def send_back(
    *, risk_list: RiskList, remark: str, sent_back_by: User, now: dt.datetime
) -> RiskList:
    """Gives a list in review back to its writer with a remark; a review that it had is void.

    The same person's same remark once more: nothing happens. Raises NotPossibleNow where it is not in
    review, nothing is remarked, or with a hidden sign.
    """
    remark = remark.strip()
    if not remark:
        raise NotPossibleNow(_("Say what should change."), field="remark")
    if trouble := trouble_in(remark):
        raise NotPossibleNow(trouble, field="remark")
    with transaction.atomic():
        locked = _lock(risk_list)
        newest = locked.remarks.first()
        if locked.state == VersionState.DRAFT and newest is not None:
            if (newest.words, newest.written_by_id) == (remark, sent_back_by.pk):
                return locked
        if locked.state != VersionState.IN_REVIEW:
            raise NotPossibleNow(_("Only a list in review can be sent back."))
        locked.move_to(VersionState.DRAFT)
        locked.reviewed_by = locked.reviewed_at = None
        locked.reviewer_licence = ""
        locked.save(update_fields=["state", "reviewed_by", "reviewed_at", "reviewer_licence"])
        Remark.objects.create(
            risk_list=locked, words=remark, written_by_id=sent_back_by.pk, written_at=now
        )
    return locked


def _lock(risk_list: RiskList) -> RiskList:
    return RiskList.objects.select_for_update(of=("self",)).get(pk=risk_list.pk)


def refuse_to_go_live(risk_list: RiskList, *, live: RiskList | None) -> None:
    """Whatever PostgreSQL would refuse too, in sentences: gaps, hidden signs, a change that is another."""
    _refuse_gaps(risk_list)
    _refuse_hidden_signs(risk_list)
    _refuse_another_change(risk_list, live=live)


def _refuse_another_change(risk_list: RiskList, *, live: RiskList | None) -> None:
    """To add or to remove a risk is material; to change the order alone may be editorial."""
    if risk_list.change not in Change.values:
        raise NotPossibleNow(
            _("Say whether booked patients have to be asked again."), field="change"
        )
    if (live is None) != (risk_list.change == Change.FIRST):
        raise NotPossibleNow(
            _("Another version was published, or none is: say anew what kind of change this is."),
            field="change",
        )
    if live is None or risk_list.change == Change.MATERIAL:
        return
    keys = set(risk_list.risks.values_list("key", flat=True))
    if keys != set(live.risks.values_list("key", flat=True)):
        raise NotPossibleNow(
            _("A side effect was added or removed: this is a change of what is said."),
            field="change",
        )


def _refuse_hidden_signs(risk_list: RiskList) -> None:
    for field in ("statement_en", "statement_ar", "change_note"):
        _refuse_trouble(risk_list, field, where="")
    for risk in risk_list.risks.order_by("position"):
        for part in Risk.PARTS:
            for language in Language.values:
                _refuse_trouble(risk, f"{part}_{language}", where=f"{risk.key}, ")


def _refuse_trouble(row: RiskList | Risk, field: str, *, where: str) -> None:
    if trouble := trouble_in(getattr(row, field)):
        column: Any = row._meta.get_field(field)
        label = column.verbose_name
        raise NotPossibleNow(f"{where}{label}: {trouble}", field=field)


def _refuse_gaps(risk_list: RiskList) -> None:
    """Every risk in every language, or not at all."""
    risks = list(risk_list.risks.all())
    if not risks:
        raise NotPossibleNow(_("A list needs at least one side effect."))
    for language in Language.values:
        missing = not text_in(risk_list, "statement", language)
        for risk in risks:
            missing |= any(
                not text_in(risk, part, language) for part in Risk.PARTS if part != "how_often"
            )
        if missing:
            raise NotPossibleNow(_("Words are missing in one of the languages."))
    if any(bool(risk.how_often_en) != bool(risk.how_often_ar) for risk in risks):
        raise NotPossibleNow(_("Say how often it happens in both languages, or in neither."))
