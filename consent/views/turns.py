"""Whose turn it is: which page of a reading is open, which comes next, and why one reads again."""

from django.utils.translation import gettext

from consent.actions import Progress
from consent.models import PatientAct
from consent.views.walk import Walk


def is_open(progress: Progress, number: int, *, to_all: bool = False) -> bool:
    """Whether a page's turn has come: those acknowledged, and the next one. Who only looks sees all."""
    if not 1 <= number <= len(progress.risks):
        return False
    shown_risk = progress.risks[number - 1]
    return to_all or shown_risk.pk in progress.acts or shown_risk == progress.next_risk


def next_url(walk: Walk, progress: Progress, *, besides: int = 0, after: int = 0) -> str:
    """The page of the next risk to acknowledge, or the page that checks all answers."""
    done = {*progress.acts, besides}
    open_ones = [risk.pk for risk in progress.risks if risk.pk not in done]
    if walk.is_staff and after:  # nothing is acknowledged here: they look at one after the other
        open_ones = [risk.pk for risk in progress.risks[after:]]
    numbers = [at for pk in open_ones if (at := number_of(progress, pk)) != after]
    return walk.url("risk", numbers[0]) if numbers else walk.url("check")


def number_of(progress: Progress, risk_id: int) -> int:
    """Which page shows this risk, from 1."""
    return next(at for at, risk in enumerate(progress.risks, 1) if risk.pk == risk_id)


def why_again(walk: Walk, progress: Progress) -> str:
    """Why somebody who had begun to read before reads this page now, or "" for the first time."""
    reading = progress.reading
    earlier = reading.consultation.readings.order_by("-id")
    before = earlier.filter(pk__lt=reading.pk).first() if reading.pk else None
    if before is None:
        return ""
    withdrawals = PatientAct.objects.withdrawals_of(walk.consultation)
    if walk.again and withdrawals.filter(reading=before).exists():
        return gettext("You withdrew your acknowledgement, so please read each side effect again.")
    if before.language != reading.language:
        if progress.acts:
            return ""
        return gettext(
            "You changed the language, so please read the side effects again in English."
        )
    if before.read_by != reading.read_by:
        if progress.acts or not before.acknowledgements.exists():
            return ""
        return gettext("Somebody else reads now, so please begin again with the first side effect.")
    if before.risk_list_id != reading.risk_list_id:
        return gettext("The wording of a side effect has changed. Please read it again.")
    return ""
