"""Going through a risk list: one act for each risk, in one language."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

import bookings.actions
from bookings.actions.locks import lock_consultation
from bookings.models import Consultation, NotPossibleNow, Status
from clinic.errors import Refused
from clinic.i18n import text_in
from consent import ledger
from consent.models import Acknowledgement, Particulars, ReadBy, Reading, Risk, RiskList

READINGS_AT_MOST = 50  # of one request; more is not a person who switches the language
# Why a value can be missing; one without a reason here is never missing.
ABSENT = {
    "guardian_name": "acts_for_themselves",
    "email": "has_none",
    "proven_note": "proven_by_the_address",
    "ip": "not_known",
    "user_agent": "not_sent",
}
UNFINISHED = (Status.WAITING, Status.HELD, Status.EXPIRED)


class NoRisksListed(Refused):
    """There is no published list for this treatment, or no treatment yet: nothing to acknowledge."""

    code = "no_risks_listed"


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
                note(locked, progress_of(reading=latest), now=now)
            return latest
        if locked.readings.count() >= READINGS_AT_MOST:
            raise NotPossibleNow(
                _("The side effects were opened too often. Please call the clinic.")
            )
        reading = _begin(locked, risk_list, language, ip=ip, user_agent=user_agent, now=now)
        if latest is not None and latest.language == language:
            _carry_over(latest, reading, leaving_out=None)
        note(locked, progress_of(reading=reading), now=now)
    return reading


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
        "proven_note": consultation.proven_note,
        "ip": ip,
        "user_agent": user_agent[:300],
    }
    return Reading.objects.create(
        consultation=consultation,
        risk_list=risk_list,
        language=language,
        read_by=ReadBy.GUARDIAN if consultation.guardian_name else ReadBy.SELF,
        opened_at=now,
        commitments={
            field: keep_apart(consultation, field, value)
            for field, value in personal.items()
            if value
        },
        absent={field: ABSENT[field] for field, value in personal.items() if not value},
        is_demo=consultation.is_demo,
    )


def begin_anew(progress: Progress, *, leaving_out: Risk, now: dt.datetime) -> Progress:
    """A new reading of the same list in the same language, with the other acts carried over."""
    earlier = progress.reading
    reading = Reading.objects.create(
        consultation_id=earlier.consultation_id,
        risk_list=earlier.risk_list,
        language=earlier.language,
        read_by=earlier.read_by,
        opened_at=now,
        commitments=earlier.commitments,
        absent=earlier.absent,
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
            salt=ledger.new_salt(),
            carried_from=act,
        )


def keep_apart(consultation: Consultation, field: str, value: str) -> str:
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


def note(consultation: Consultation, progress: Progress, *, now: dt.datetime) -> None:
    """Tells the locked consultation how many of how many are acknowledged."""
    bookings.actions.note_risks(
        consultation=consultation,
        risks_total=len(progress.risks),
        risks_acknowledged=len(progress.acts),
        wants_to_talk=progress.wants_to_talk,
        now=now,
    )
