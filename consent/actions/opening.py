"""Opening a reading: in which language, who reads, and which earlier acts are carried over."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_consultation
from bookings.models import Consultation, NotPossibleNow
from clinic.i18n import text_in
from consent import ledger
from consent.actions.reading import (
    NoRisksListed,
    Progress,
    is_sealed,
    keep_apart,
    kept_value,
    newest_that_counts,
    note,
    open_one,
    progress_of,
    refuse_unless_asked,
)
from consent.models import Acknowledgement, ReadBy, Reading, RiskList

READINGS_AT_MOST = 50  # of one request; more is not a person who switches the language
# Why a value can be missing; one without a reason here is never missing. PostgreSQL holds every reading
# to these fields (migration 0008): each has its commitment or its reason.
ABSENT = {
    "guardian_name": "acts_for_themselves",
    "interpreter_name": "no_interpreter",
    "interpreter_language": "no_interpreter",
    "email": "has_none",
    "zone": "not_told",
    "proven_note": "proven_by_the_address",
    "ip": "not_known",
    "user_agent": "not_sent",
}


@dataclass(frozen=True)
class Interpreter:
    """Who reads the words out or translates them, and in which language they speak; "" for nobody."""

    name: str = ""
    language: str = ""


@dataclass(frozen=True)
class Asked:
    """From where and with what a page was asked for. `missing` says why a value is blank."""

    ip: str = ""
    user_agent: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)


def interpreter_of(reading: Reading) -> Interpreter:
    """Who read it out; nobody where the patient or the guardian read it alone. Two queries at most."""
    if reading.read_by != ReadBy.INTERPRETER:
        return Interpreter()
    return Interpreter(
        kept_value(reading.commitments["interpreter_name"]),
        kept_value(reading.commitments["interpreter_language"]),
    )


def standing_reading(*, consultation: Consultation, language: str) -> Reading | None:
    """The reading that takes acts now, if it is of the live list in this language. Opens none."""
    reading = open_one(consultation)
    if reading is None or reading.language != language or consultation.treatment is None:
        return None
    live = RiskList.objects.live_for(consultation.treatment)
    return reading if live is not None and live.pk == reading.risk_list_id else None


def glance(*, consultation: Consultation, language: str) -> Progress:
    """The live list as a patient would read it, for somebody who only looks: no row is written.

    Raises NoRisksListed.
    """
    risk_list = _live_list(consultation)
    reading = Reading(consultation=consultation, risk_list=risk_list, language=language)
    return Progress(reading, list(risk_list.risks.order_by("position")), {})


def open_reading(
    *,
    consultation: Consultation,
    language: str,
    now: dt.datetime,
    ip: str = "",
    user_agent: str = "",
    missing: Mapping[str, str] | None = None,
    read_by: str = "",
    interpreter_name: str = "",
    interpreter_language: str = "",
) -> Reading:
    """The reading that counts: the newest one if it is of the live list in this language, else a
    new one. A changed wording carries over, by reference, the acts whose words are the same; a
    switch of language or of who reads begins anew, for nobody acknowledges what they did not read.

    `read_by` is "self" (the patient or their guardian), "interpreter", or "" for who read before.
    Nothing is carried over a withdrawal. Raises NoRisksListed, and NotPossibleNow before the address
    is proven, after the request ended, for a booked visit that does not ask again, and where another
    publication or treatment came in between.
    """
    with transaction.atomic():
        locked, risk_list = _lock_with_its_list(consultation)
        newest = newest_that_counts(locked)
        before = interpreter_of(newest) if newest else Interpreter()
        who = _who_reads(before, read_by, interpreter_name, interpreter_language)
        same = newest is not None and (newest.language, before) == (language, who)
        if newest and same and newest.risk_list_id == risk_list.pk:
            if not is_sealed(newest, locked):
                if locked.risks_total == 0:  # another treatment was chosen, then this one again
                    note(locked, progress_of(reading=newest), now=now)
                return newest
        if locked.readings.count() >= READINGS_AT_MOST:
            raise NotPossibleNow(
                _("The side effects were opened too often. Please call the clinic.")
            )
        asked = Asked(ip, user_agent, missing or {})
        reading = _begin(locked, risk_list, language, who, asked, now=now)
        if newest is not None and same:
            _carry_over(newest, reading)
        note(locked, progress_of(reading=reading), now=now)
    return reading


def _lock_with_its_list(consultation: Consultation) -> tuple[Consultation, RiskList]:
    """The locked consultation and its live list, which nobody retires until this transaction ends.

    The list first, as a publication does. Whoever waited for one finds the older list retired, and
    asks once more: then the newer one is there.
    """
    lists, treatment = RiskList.objects, consultation.treatment_id
    kept = lists.kept_live_for(treatment) or lists.kept_live_for(treatment)
    locked = lock_consultation(consultation.pk)
    refuse_unless_asked(locked)
    live = _live_list(locked)
    if kept is None or kept.pk != live.pk:
        raise NotPossibleNow(_("The wording of a side effect has changed. Please read it again."))
    return locked, live


def _live_list(consultation: Consultation) -> RiskList:
    treatment = consultation.treatment
    risk_list = RiskList.objects.live_for(treatment) if treatment else None
    if risk_list is None:
        raise NoRisksListed(
            _("The clinic first has to say what the side effects are. We will write to you.")
        )
    return risk_list


def _who_reads(before: Interpreter, read_by: str, name: str, language: str) -> Interpreter:
    if not read_by:
        return before
    if read_by != ReadBy.INTERPRETER:
        return Interpreter()
    if not name.strip() or not language.strip():
        raise NotPossibleNow(_("Say who reads it out, and in which language."))
    return Interpreter(name.strip(), language.strip())


def _begin(
    consultation: Consultation,
    risk_list: RiskList,
    language: str,
    who: Interpreter,
    asked: Asked,
    *,
    now: dt.datetime,
) -> Reading:
    assert consultation.birth_date  # an erased one cannot be locked
    personal = {
        "patient_name": consultation.patient_name,
        "guardian_name": consultation.guardian_name,
        "interpreter_name": who.name,
        "interpreter_language": who.language,
        "birth_date": consultation.birth_date.isoformat(),
        "email": consultation.email,
        "mobile": str(consultation.mobile),
        "zone": consultation.zone,
        "proven_note": consultation.proven_note,
        "ip": asked.ip,
        "user_agent": asked.user_agent[:300],
    }
    alone = ReadBy.GUARDIAN if consultation.guardian_name else ReadBy.SELF
    reasons = {**ABSENT, **asked.missing}
    return Reading.objects.create(
        consultation=consultation,
        risk_list=risk_list,
        language=language,
        read_by=ReadBy.INTERPRETER if who.name else alone,
        opened_at=now,
        commitments={
            name: keep_apart(consultation, name, value) for name, value in personal.items() if value
        },
        absent={name: reasons[name] for name, value in personal.items() if not value},
        is_demo=consultation.is_demo,
    )


def begin_anew(progress: Progress, *, leaving_out: int, now: dt.datetime) -> Progress:
    """A new reading of the same list, language and reader; all acts but that risk's are carried over."""
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


def _carry_over(earlier: Reading, reading: Reading, *, leaving_out: int = 0) -> None:
    """Takes over, by reference, the acts whose words stand unchanged in the new reading's list."""
    statement = text_in(reading.risk_list, "statement", reading.language)
    acts = {act.words_hash: act for act in earlier.acknowledgements.select_related("risk")}
    for risk in reading.risk_list.risks.order_by("position"):
        act = acts.get(ledger.hash_of_words(risk.words(reading.language), statement))
        if act is None or risk.pk == leaving_out:
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
