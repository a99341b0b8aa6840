"""Risk lists: a draft, a review, and a publication by a second person."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.models import NotPossibleNow
from clinic.i18n import Language, text_in
from clinic.models import Treatment
from consent.models import ListState, Risk, RiskList


def start_list(*, treatment: Treatment, written_by: User | None) -> RiskList:
    """A new draft: the next version, with the wording of the newest one to work on."""
    with transaction.atomic():
        Treatment.objects.select_for_update().get(pk=treatment.pk)
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


def submit_for_review(*, risk_list: RiskList) -> RiskList:
    """Hands a draft to a second person. Raises NotPossibleNow where words are missing."""
    with transaction.atomic():
        locked = RiskList.objects.select_for_update(of=("self",)).get(pk=risk_list.pk)
        if locked.state != ListState.DRAFT:
            raise NotPossibleNow(_("Only a draft can be sent to review."))
        _refuse_gaps(locked)
        locked.state = ListState.IN_REVIEW
        locked.save(update_fields=["state"])
    return locked


def publish(*, risk_list: RiskList, published_by: User, now: dt.datetime) -> RiskList:
    """Makes a reviewed list the live one and retires the one before; it never changes again.

    Raises NotPossibleNow: not in review, words missing, or published by the person who wrote it.
    """
    with transaction.atomic():
        Treatment.objects.select_for_update().get(pk=risk_list.treatment_id)
        locked = RiskList.objects.select_for_update(of=("self",)).get(pk=risk_list.pk)
        if locked.state != ListState.IN_REVIEW:
            raise NotPossibleNow(_("Only a list in review can be published."))
        if locked.written_by_id == published_by.pk:
            raise NotPossibleNow(_("A second person has to publish this list."))
        _refuse_gaps(locked)
        for live in RiskList.objects.filter(
            treatment_id=locked.treatment_id, state=ListState.PUBLISHED
        ):
            live.state = ListState.RETIRED
            live.save(update_fields=["state"])
        locked.state = ListState.PUBLISHED
        locked.published_by_id = published_by.pk
        locked.published_at = now
        locked.save(update_fields=["state", "published_by", "published_at"])
    return locked


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
