"""One act for one risk: exactly the words that a page of ours showed, and when it showed them."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_consultation
from bookings.models import Consultation
from clinic.errors import Refused
from clinic.i18n import text_in
from consent import ledger
from consent.actions.opening import begin_anew
from consent.actions.reading import (
    Progress,
    keep_apart,
    kept_value,
    note,
    open_one,
    progress_of,
    refuse_unless_asked,
)
from consent.models import Acknowledgement, Reading, Risk, RiskList


class StalePage(Refused):
    """The page that was acknowledged is not the one that stands now; it is shown anew."""

    code = "stale_page"

    def __init__(self, sentence: object = "", *, field: str = "") -> None:
        super().__init__(
            sentence
            or _(
                "This page was no longer up to date, so this answer was not stored. Please read it again."
            ),
            field=field,
        )


class Unticked(Refused):
    """The tick that says "I understand that this can happen" is missing."""

    code = "not_acknowledged"
    status = 400


@dataclass(frozen=True)
class PageShown:
    """A page whose token we signed, and which is still what stands: its risk, and how far it has come."""

    risk: Risk
    progress: Progress
    words_hash: str
    shown_at: dt.datetime


def shown(*, reading: Reading, risk: Risk, now: dt.datetime) -> str:
    """The signed token for the form under a risk's words: what was shown, and when."""
    words = risk.words(reading.language)
    statement = text_in(reading.risk_list, "statement", reading.language)
    return ledger.sign_shown(
        ledger.Shown(
            reading.pk, risk.pk, reading.language, ledger.hash_of_words(words, statement), now
        )
    )


def acknowledge(
    *,
    consultation: Consultation,
    shown: str,
    understood: bool,
    wants_to_talk: bool = False,
    question: str = "",
    now: dt.datetime,
) -> Acknowledgement:
    """One act for one risk: exactly the words that the signed page showed.

    The same act repeated gives the row that stands. Another answer for a risk acknowledged already
    opens a new reading that carries the other acts over. Raises StalePage for a page of another
    reading, list or language, of changed wording, or from before a withdrawal; Unticked;
    NotPossibleNow.
    """
    with transaction.atomic():
        # First the list, so that its wording is live until this commits (see publish).
        live = RiskList.objects.kept_live_for(consultation.treatment_id)
        locked = lock_consultation(consultation.pk)
        page = page_shown(locked, shown, now=now)
        if live is None or live.pk != page.risk.risk_list_id:
            raise StalePage
        risk, progress = page.risk, page.progress
        if not understood:
            raise Unticked(
                _("Tick the box to say that you understand this can happen, or call us."),
                field="understood",
            )
        standing = progress.acts.get(risk.pk)
        if standing is not None:
            if _says_the_same(standing, wants_to_talk, question):
                note(locked, progress, now=now)
                return standing
            progress = begin_anew(progress, leaving_out=risk.pk, now=now)
        act = _write(
            progress.reading,
            page,
            wants_to_talk=wants_to_talk,
            question_commitment=keep_apart(locked, "question", question.strip()),
            now=now,
        )
        progress.acts[risk.pk] = act
        note(locked, progress, now=now)
    return act


def _write(
    reading: Reading,
    page: PageShown,
    *,
    wants_to_talk: bool,
    question_commitment: str,
    now: dt.datetime,
) -> Acknowledgement:
    """The row of one act, with the words as they stand in the list: those that the page showed."""
    return Acknowledgement.objects.create(
        reading=reading,
        risk_list_id=reading.risk_list_id,
        language=reading.language,
        risk=page.risk,
        words=page.risk.words(reading.language),
        statement=text_in(reading.risk_list, "statement", reading.language),
        words_hash=page.words_hash,
        shown_at=page.shown_at,
        acknowledged_at=now,
        wants_to_talk=wants_to_talk,
        question_commitment=question_commitment,
        salt=ledger.new_salt(),
    )


def page_shown(consultation: Consultation, token: str, *, now: dt.datetime) -> PageShown:
    """The page behind a token, if it is of the reading that takes acts now and still true.

    The caller has locked the consultation. Raises NotPossibleNow, StalePage.
    """
    refuse_unless_asked(consultation)
    reading, page = open_one(consultation), ledger.read_shown(token)
    if page is None or reading is None or page.reading_id != reading.pk:
        raise StalePage
    if page.shown_at > now or now - page.shown_at > ledger.TOKEN_HOLDS:
        raise StalePage
    live = RiskList.objects.live_for(reading.risk_list.treatment)
    progress = progress_of(reading=reading)
    risk = next((risk for risk in progress.risks if risk.pk == page.risk_id), None)
    if live is None or live.pk != reading.risk_list_id or risk is None:
        raise StalePage
    if reading.risk_list.treatment_id != consultation.treatment_id:
        raise StalePage
    statement = text_in(reading.risk_list, "statement", reading.language)
    if page.words_hash != ledger.hash_of_words(risk.words(reading.language), statement):
        raise StalePage
    return PageShown(risk, progress, page.words_hash, page.shown_at)


def _says_the_same(act: Acknowledgement, wants_to_talk: bool, question: str) -> bool:
    same_question = kept_value(act.question_commitment) == question.strip()
    return act.wants_to_talk == wants_to_talk and same_question
