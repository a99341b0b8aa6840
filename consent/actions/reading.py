"""Going through a risk list: one act for each risk, in one language."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

import bookings.actions
from bookings.actions.times import lock_consultation
from bookings.models import Consultation, NotPossibleNow, Status
from clinic.errors import Refused
from clinic.i18n import text_in
from consent import ledger
from consent.models import Acknowledgement, Particulars, Reading, Risk, RiskList

READINGS_AT_MOST = 50  # of one request; more is not a person who switches the language
UNFINISHED = (Status.WAITING, Status.HELD, Status.EXPIRED)


class NoRisksListed(Refused):
    """There is no published list for this treatment, or no treatment yet: nothing to acknowledge."""

    code = "no_risks_listed"


class StalePage(Refused):
    """The page that was acknowledged is not the one that stands now; it is shown anew."""

    code = "stale_page"


class Unticked(Refused):
    """The tick that says "I understand that this can happen" is missing."""

    code = "not_acknowledged"
    status = 400


@dataclass(frozen=True)
class Progress:
    """How far a reading has come: its risks in order, and the acts so far by risk."""

    reading: Reading
    risks: list[Risk]
    acts: dict[int, Acknowledgement]

    @property
    def next_risk(self) -> Risk | None:
        """The first risk without an act, or None."""
        return next((risk for risk in self.risks if risk.pk not in self.acts), None)

    @property
    def is_complete(self) -> bool:
        return bool(self.risks) and self.next_risk is None

    @property
    def wants_to_talk(self) -> bool:
        return any(act.wants_to_talk for act in self.acts.values())


def progress_of(*, reading: Reading) -> Progress:
    """Two queries: the list's risks in order, and the acts of this reading."""
    risks = list(reading.risk_list.risks.order_by("position"))
    acts = {act.risk_id: act for act in reading.acknowledgements.all()}
    return Progress(reading, risks, acts)


def open_reading(
    *,
    consultation: Consultation,
    language: str,
    now: dt.datetime,
    ip: str = "",
    user_agent: str = "",
) -> Reading:
    """The reading that counts: the newest one if it is of the live list in this language, else a
    new one. A changed wording carries over, by reference, the acts whose words are the same; a
    switch of language begins anew, for nobody acknowledges what they did not read.

    Raises NoRisksListed, and NotPossibleNow before the address is proven or after the request ended.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if not locked.is_proven or locked.status not in UNFINISHED:
            raise NotPossibleNow(_("The side effects cannot be acknowledged at this moment."))
        risk_list = RiskList.objects.live_for(locked.treatment) if locked.treatment else None
        if risk_list is None:
            raise NoRisksListed(
                _("The clinic first has to say what the side effects are. We will write to you.")
            )
        latest = Reading.objects.latest_of(locked)
        if latest and (latest.risk_list_id, latest.language) == (risk_list.pk, language):
            if locked.risks_total == 0:  # another treatment was chosen and then this one again
                _note(locked, progress_of(reading=latest), now=now)
            return latest
        if locked.readings.count() >= READINGS_AT_MOST:
            raise NotPossibleNow(
                _("The side effects were opened too often. Please call the clinic.")
            )
        reading = _begin(locked, risk_list, language, ip=ip, user_agent=user_agent, now=now)
        if latest is not None and latest.language == language:
            _carry_over(latest, reading, leaving_out=None)
        _note(locked, progress_of(reading=reading), now=now)
    return reading


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
                _note(locked, progress, now=now)
                return standing
            progress = _begin_anew(progress, leaving_out=risk, now=now)
        act = Acknowledgement.objects.create(
            reading=progress.reading,
            risk_list_id=progress.reading.risk_list_id,
            language=progress.reading.language,
            risk=risk,
            words=risk.words(progress.reading.language),
            statement=text_in(progress.reading.risk_list, "statement", progress.reading.language),
            words_hash=page.words_hash,
            shown_at=page.shown_at,
            acknowledged_at=now,
            wants_to_talk=wants_to_talk,
            question_commitment=_commit(locked, "question", question.strip()),
        )
        progress.acts[risk.pk] = act
        _note(locked, progress, now=now)
    return act


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


def _begin(
    consultation: Consultation,
    risk_list: RiskList,
    language: str,
    *,
    ip: str,
    user_agent: str,
    now: dt.datetime,
) -> Reading:
    personal = {
        "patient_name": consultation.patient_name,
        "guardian_name": consultation.guardian_name,
        "birth_date": consultation.birth_date.isoformat(),
        "email": consultation.email,
        "mobile": str(consultation.mobile),
        "zone": consultation.zone,
        "ip": ip,
        "user_agent": user_agent[:300],
    }
    return Reading.objects.create(
        consultation=consultation,
        risk_list=risk_list,
        language=language,
        opened_at=now,
        commitments={
            field: _commit(consultation, field, value) for field, value in personal.items() if value
        },
        is_demo=consultation.is_demo,
    )


def _begin_anew(progress: Progress, *, leaving_out: Risk, now: dt.datetime) -> Progress:
    """A new reading of the same list in the same language, with the other acts carried over."""
    earlier = progress.reading
    reading = Reading.objects.create(
        consultation_id=earlier.consultation_id,
        risk_list=earlier.risk_list,
        language=earlier.language,
        opened_at=now,
        commitments=earlier.commitments,
        is_demo=earlier.is_demo,
    )
    _carry_over(earlier, reading, leaving_out=leaving_out)
    return progress_of(reading=reading)


def _carry_over(earlier: Reading, reading: Reading, *, leaving_out: Risk | None) -> None:
    """Takes over, by reference, the acts whose words stand unchanged in the new reading's list."""
    statement = text_in(reading.risk_list, "statement", reading.language)
    acts = {act.words_hash: act for act in earlier.acknowledgements.select_related("risk")}
    for risk in reading.risk_list.risks.order_by("position"):
        act = acts.get(ledger.hash_of_words(risk.words(reading.language), statement))
        if act is None or (leaving_out is not None and risk.pk == leaving_out.pk):
            continue
        Acknowledgement.objects.create(
            reading=reading,
            risk_list_id=reading.risk_list_id,
            language=reading.language,
            risk=risk,
            words=act.words,
            statement=act.statement,
            words_hash=act.words_hash,
            shown_at=act.shown_at,
            acknowledged_at=act.acknowledged_at,
            wants_to_talk=act.wants_to_talk,
            question_commitment=act.question_commitment,
            carried_from=act,
        )


def _commit(consultation: Consultation, field: str, value: str) -> str:
    """Keeps a personal value apart from the evidence and gives its commitment ("" for nothing)."""
    if not value:
        return ""
    salt = ledger.new_salt()
    kept = Particulars.objects.create(
        consultation=consultation,
        field=field,
        value=value,
        salt=salt,
        commitment=ledger.commitment(field, value, salt),
    )
    return kept.commitment


def _note(consultation: Consultation, progress: Progress, *, now: dt.datetime) -> None:
    """Tells the locked consultation how many of how many are acknowledged."""
    bookings.actions.note_risks(
        consultation=consultation,
        risks_total=len(progress.risks),
        risks_acknowledged=len(progress.acts),
        wants_to_talk=progress.wants_to_talk,
        now=now,
    )
