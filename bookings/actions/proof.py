"""Proving that an address is the patient's: a code or a link from an e-mail, or in person."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from bookings import links
from bookings.actions.locks import end_holds, lock_consultation
from bookings.actions.page_links import LinkEnded, link_has_run_out
from bookings.actions.tips import as_they_said
from bookings.links import Purpose
from bookings.models import Consultation, NotPossibleNow, Patient, Proof, Status
from clinic.errors import Refused

CODES_AT_MOST = 10  # for one request; more is not a person
BETWEEN_CODES = dt.timedelta(seconds=30)


class WrongCode(Refused):
    """The code is not the one in the newest e-mail."""

    code = "wrong_code"
    status = 400


class CodeRanOut(Refused):
    """The code is older than ten minutes."""

    code = "code_ran_out"
    status = 400


class TooManyTries(Refused):
    """Five wrong tries: a new code or link is needed."""

    code = "too_many_tries"
    status = 429


class WrongAnswer(Refused):
    """The year of birth or the last digits of the mobile are not this patient's."""

    code = "wrong_answer"
    status = 400


def issue_code(consultation: Consultation, *, now: dt.datetime) -> None:
    """A new code, in memory; it ends the older one."""
    consultation.code_serial += 1
    consultation.code_issued_at = now
    consultation.code_tries = 0


def issue_link(consultation: Consultation, *, now: dt.datetime) -> None:
    """A new link to the patient's page, in memory; it ends the older ones."""
    consultation.link_serial += 1
    consultation.link_asked_at = now
    consultation.link_tries = 0


def refuse_more_codes(consultation: Consultation) -> None:
    """Ten codes for one request, those to a new address among them: fifty tries in all.

    Raises TooManyTries.
    """
    if consultation.code_serial >= CODES_AT_MOST:
        raise TooManyTries(
            _("We have sent many codes already. Please call the clinic."), field="email"
        )


def send_code(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """Owes the patient a new code; the older one ends. Raises TooManyTries, NotPossibleNow."""
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.is_proven or not locked.email or locked.status == Status.CANCELLED:
            raise NotPossibleNow(_("Your e-mail address is confirmed already."))
        if locked.code_issued_at and now < locked.code_issued_at + BETWEEN_CODES:
            raise TooManyTries(
                _("We have just sent a code. Wait half a minute before asking again.")
            )
        refuse_more_codes(locked)
        issue_code(locked, now=now)
        locked.save(update_fields=["code_serial", "code_issued_at", "code_tries"])
    return locked


def send_link(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """Owes the patient a new link to their page; the older ones end. Raises NotPossibleNow."""
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if not locked.email:
            raise NotPossibleNow(_("This consultation has no e-mail address."))
        if locked.link_asked_at and now < locked.link_asked_at + BETWEEN_CODES:
            return locked
        issue_link(locked, now=now)
        locked.save(update_fields=["link_serial", "link_asked_at", "link_tries"])
    return locked


def prove_by_code(*, consultation: Consultation, code: str, now: dt.datetime) -> Consultation:
    """Proves the address with the six digits. Raises WrongCode, CodeRanOut, TooManyTries.

    A wrong try is counted even though it is refused, so the refusal comes after the transaction.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        refusal = None if locked.is_proven else refusal_of_code(locked, code, now=now)
        if refusal is None:
            _prove(locked, Proof.EMAIL_CODE, now=now)
        elif isinstance(refusal, WrongCode):
            locked.code_tries += 1
            locked.save(update_fields=["code_tries"])
    if refusal is not None:
        raise refusal
    return locked


def refusal_of_code(
    consultation: Consultation, code: str, *, now: dt.datetime, purpose: Purpose = Purpose.CODE
) -> Refused | None:
    """Why these six digits prove nothing; None where they do."""
    if consultation.status == Status.CANCELLED:
        return NotPossibleNow(_("This request was cancelled. Please start again."))
    if links.code_has_run_out(consultation, now=now):
        return CodeRanOut(
            _("This code is too old: it holds for 10 minutes. Ask for a new one below."),
            field="code",
        )
    if consultation.code_tries >= links.CODE_TRIES:
        return TooManyTries(
            _("That was wrong 5 times, so this code has ended. Ask for a new one below."),
            field="code",
        )
    if not links.code_matches(consultation, code, purpose):
        return WrongCode(
            _("This is not the code in our newest e-mail. Check the 6 digits and try again."),
            field="code",
        )
    return None


def prove_by_link(
    *, token: str, now: dt.datetime, purpose: Purpose = Purpose.PROVE
) -> Consultation:
    """Proves the address with a link from an e-mail, after its button is pressed.

    The link beside a code (PROVE) holds as long as the code; the link of a request that reception
    entered (PAGE) as long as any link to the patient's page. Raises LinkEnded.
    """
    found = links.find(token, purpose)
    if found is None:
        raise LinkEnded(_("This link has ended."))
    with transaction.atomic():
        locked = lock_consultation(found.pk)
        too_old = (
            links.code_has_run_out(locked, now=now)
            if purpose is Purpose.PROVE
            else link_has_run_out(locked, now=now)
        )
        serial_moved = links.token(locked, purpose) != token
        if locked.status == Status.CANCELLED or serial_moved or (too_old and not locked.is_proven):
            raise LinkEnded(_("This link has ended."))
        _prove(locked, Proof.EMAIL_LINK, now=now)
    return locked


def prove_in_person(*, consultation: Consultation, note: str, now: dt.datetime) -> Consultation:
    """Staff saw the person: `note` says who and why. Raises NotPossibleNow without a note."""
    if not note.strip():
        raise NotPossibleNow(_("Say who saw the person, and why."), field="note")
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.status == Status.CANCELLED:
            raise NotPossibleNow(_("This request was cancelled. Please start again."))
        _prove(locked, Proof.IN_PERSON, note=note.strip(), now=now)
    return locked


def _prove(consultation: Consultation, how: str, *, now: dt.datetime, note: str = "") -> None:
    """Only now may the patient's row be made or changed. Proven already: nothing happens.

    A time that is held while the same person has a visit elsewhere is let go: before the proof a
    stranger would learn from it when somebody has a visit.
    """
    if consultation.is_proven:
        return
    consultation.patient = patient_of(consultation)
    consultation.tips_stopped_at = as_they_said(consultation)
    consultation.proven_at = now
    consultation.proven_by = how
    consultation.proven_note = note
    if consultation.status == Status.HELD and _is_elsewhere(consultation, now=now):
        _give_way(consultation, now=now)
    try:
        with transaction.atomic():
            consultation.save(update_fields=PROVEN)
    except IntegrityError as error:  # a visit of the same person was booked in this very moment
        if "one_visit_at_a_time_for_a_patient" not in str(error):
            raise
        _give_way(consultation, now=now)
        consultation.save(update_fields=PROVEN)


def patient_of(consultation: Consultation) -> Patient:
    """The row of the person behind a proven address, made or brought up to date."""
    details: dict[str, Any] = {
        "guardian_name": consultation.guardian_name,
        "mobile": consultation.mobile,
        "language": consultation.language,
        "zone": consultation.zone,
    }
    who: dict[str, Any] = {"name": consultation.patient_name, "birth_date": consultation.birth_date}
    if not consultation.email:
        return Patient.objects.create(email="", **who, **details)
    patient, _made = Patient.objects.update_or_create(
        email=consultation.email, **who, defaults=details
    )
    return patient


PROVEN = [
    *("patient", "tips_stopped_at", "status", "hold_expires_at"),
    *("proven_at", "proven_by", "proven_note"),
]


def _give_way(consultation: Consultation, *, now: dt.datetime) -> None:
    """Lets go of its time, in memory: nobody can be at two visits at once."""
    consultation.move_to(Status.EXPIRED)
    consultation.hold_expires_at = now


def _is_elsewhere(consultation: Consultation, *, now: dt.datetime) -> bool:
    """Whether its patient, known only now, has another visit at the time that is held."""
    assert consultation.starts_at
    assert consultation.ends_at
    theirs = Consultation.objects.filter(patient=consultation.patient).exclude(pk=consultation.pk)
    then = theirs.touching(starts_at=consultation.starts_at, ends_at=consultation.ends_at)
    end_holds(*then.with_hold_run_out(now=now).values_list("pk", flat=True), now=now)
    return then.taking_a_slot(now=now).exists()


def check_person(*, consultation: Consultation, answer: str) -> Consultation:
    """The light check before details are shown: year of birth, or last 4 digits of the mobile.

    Five wrong answers end the link. Raises WrongAnswer, TooManyTries.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.link_tries >= links.LINK_TRIES:
            raise TooManyTries(
                _("That was wrong 5 times, so this link has ended. Ask for a new one."),
                field="answer",
            )
        assert locked.birth_date  # an erased one cannot be locked
        right = {f"{locked.birth_date.year:04d}", str(locked.mobile.national_number)[-4:]}
        matches = answer.strip() in right
        locked.link_tries = 0 if matches else locked.link_tries + 1
        locked.save(update_fields=["link_tries"])
    if not matches:
        raise WrongAnswer(
            _(
                "This does not match what we know. Enter the year of birth, such as 1990, or the last "
                "4 digits of the mobile."
            ),
            field="answer",
        )
    return locked
