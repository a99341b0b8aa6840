"""One act for one risk: exactly the words that a page of ours showed, and when it showed them."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_consultation
from bookings.models import Consultation, NotPossibleNow
from clinic.errors import Refused
from clinic.i18n import text_in
from consent import ledger
from consent.actions.reading import UNFINISHED, Progress, begin_anew, keep_apart, note, progress_of
from consent.models import Acknowledgement, Particulars, Reading, Risk, RiskList


class StalePage(Refused):
    """The page that was acknowledged is not the one that stands now; it is shown anew."""

    code = "stale_page"


class Unticked(Refused):
    """The tick that says "I understand that this can happen" is missing."""

    code = "not_acknowledged"
    status = 400


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
    reading, list or language, or of changed wording; Unticked; NotPossibleNow.
    """
    page = ledger.read_shown(shown)
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        reading = Reading.objects.latest_of(locked)
        progress = progress_of(reading=reading) if reading else None
        risk = _risk_of(page, progress, now=now)
        assert progress is not None and page is not None  # _risk_of saw to it
        if locked.status not in UNFINISHED:
            raise NotPossibleNow(_("The side effects cannot be acknowledged at this moment."))
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
            progress = begin_anew(progress, leaving_out=risk, now=now)
        act = _write(
            progress.reading,
            risk,
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
    risk: Risk,
    page: ledger.Shown,
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
        risk=risk,
        words=risk.words(reading.language),
        statement=text_in(reading.risk_list, "statement", reading.language),
        words_hash=page.words_hash,
        shown_at=page.shown_at,
        acknowledged_at=now,
        wants_to_talk=wants_to_talk,
        question_commitment=question_commitment,
        salt=ledger.new_salt(),
    )


def _risk_of(page: ledger.Shown | None, progress: Progress | None, *, now: dt.datetime) -> Risk:
    """The risk that the page showed, if the page is of the reading that counts and still true."""
    stale = StalePage(
        _("This page was no longer up to date. Please read it again; your other answers are kept.")
    )
    if page is None or progress is None or page.reading_id != progress.reading.pk:
        raise stale
    if page.shown_at > now or now - page.shown_at > ledger.TOKEN_HOLDS:
        raise stale
    reading = progress.reading
    live = RiskList.objects.live_for(reading.risk_list.treatment)
    risk = next((risk for risk in progress.risks if risk.pk == page.risk_id), None)
    if live is None or live.pk != reading.risk_list_id or risk is None:
        raise stale
    statement = text_in(reading.risk_list, "statement", reading.language)
    if page.words_hash != ledger.hash_of_words(risk.words(reading.language), statement):
        raise stale
    return risk


def _says_the_same(act: Acknowledgement, wants_to_talk: bool, question: str) -> bool:
    kept = Particulars.objects.filter(commitment=act.question_commitment or "-").first()
    return act.wants_to_talk == wants_to_talk and (kept.value if kept else "") == question.strip()
