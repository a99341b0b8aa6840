"""Another e-mail address for a request whose present one is proven: no mail goes there before its proof.

Only this one consultation changes, not others of the same person. What was acknowledged stays as it
was written, with the address of then: evidence is written once.
"""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings import links, owing
from bookings.actions.limits import refuse_too_many_new_addresses
from bookings.actions.locks import OwnVisitThen, lock_consultation
from bookings.actions.page_links import LinkEnded
from bookings.actions.proof import (
    BETWEEN_CODES,
    TooManyTries,
    WrongCode,
    issue_code,
    patient_of,
    refusal_of_code,
    refuse_more_codes,
)
from bookings.actions.requests import DetailsRefused
from bookings.actions.tips import as_they_said
from bookings.links import Purpose
from bookings.models import (
    Consultation,
    Kind,
    Message,
    NotPossibleNow,
    Patient,
    Proof,
    Status,
)

ASKED = ["new_email", "ip", "code_serial", "code_issued_at", "code_tries"]
CHANGED = [
    *("email", "new_email", "former_email", "email_changed_at", "patient"),
    "tips_stopped_at",
    *("proven_at", "proven_by", "proven_note", "hold_expires_at"),
    *("link_serial", "link_tries", "link_asked_at"),
]


def ask_for_new_address(
    *,
    consultation: Consultation,
    email: str,
    now: dt.datetime,
    ip: str | None = None,
    by_staff: bool = False,
) -> Consultation:
    """Owes the new address a code and a link; until one of them is used, nothing else goes there.

    `ip` is the device that asks. The same address asked for twice in half a minute is one request.
    Raises NotPossibleNow, DetailsRefused, TooManyRequests, TooManyTries.
    """
    with transaction.atomic():
        locked = _lock_to_change(consultation)
        new = _another(locked, email)
        issued = locked.code_issued_at
        if locked.new_email == new and issued and now < issued + BETWEEN_CODES:
            return locked
        locked.new_email = new
        if not by_staff:
            locked.ip = ip
            refuse_too_many_new_addresses(locked, now=now)
        refuse_more_codes(locked)
        issue_code(locked, now=now)
        locked.save(update_fields=ASKED)
    return locked


def send_new_address_code(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """Owes the new address a new code; the older one ends. Raises NotPossibleNow, TooManyTries."""
    with transaction.atomic():
        locked = _lock_to_change(consultation)
        if not locked.new_email:
            raise NotPossibleNow(NONE_WAITS)
        if locked.code_issued_at and now < locked.code_issued_at + BETWEEN_CODES:
            raise TooManyTries(
                _("We have just sent a code. Wait half a minute before asking again.")
            )
        refuse_more_codes(locked)
        issue_code(locked, now=now)
        locked.save(update_fields=ASKED)
    return locked


def keep_address(*, consultation: Consultation) -> Consultation:
    """Forgets a new address that was never proven; its code and link end. None waits: nothing happens."""
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.new_email:
            locked.new_email = ""
            locked.save(update_fields=["new_email"])
    return locked


def prove_new_address_by_code(
    *, consultation: Consultation, code: str, now: dt.datetime
) -> Consultation:
    """Changes the address with the six digits that were sent to the new one. Twice is harmless.

    A wrong try is counted even though it is refused, so the refusal comes after the transaction.
    Raises WrongCode, CodeRanOut, TooManyTries, OwnVisitThen, NotPossibleNow.
    """
    with transaction.atomic():
        locked = _lock_to_change(consultation)
        if _is_done(locked) and links.code_matches(locked, code, Purpose.NEW_CODE):
            return locked
        if not locked.new_email:
            raise NotPossibleNow(NONE_WAITS)
        refusal = refusal_of_code(locked, code, now=now, purpose=Purpose.NEW_CODE)
        if refusal is None:
            _change(locked, locked.new_email, Proof.EMAIL_CODE, now=now)
        elif isinstance(refusal, WrongCode):
            locked.code_tries += 1
            locked.save(update_fields=["code_tries"])
    if refusal is not None:
        raise refusal
    return locked


def find_new_address(*, token: str, now: dt.datetime) -> Consultation:
    """Whose new address a link from an e-mail proves; changes nothing. Raises LinkEnded.

    It leads on as long as its code would hold, also when the address has been changed by it.
    """
    found = links.find(token, Purpose.NEW_ADDRESS)
    if found is None or not _is_open(found) or links.code_has_run_out(found, now=now):
        raise LinkEnded(_("This link has ended."))
    return found


def prove_new_address_by_link(*, token: str, now: dt.datetime) -> Consultation:
    """Changes the address with the link that was sent to the new one, after its button is pressed.

    Who presses has passed the light check (bookings/views/address.py): a stranger at a mistyped
    address does not get the e-mails. Twice is harmless. Raises LinkEnded, OwnVisitThen.
    """
    found = find_new_address(token=token, now=now)
    with transaction.atomic():
        locked = lock_consultation(found.pk)
        if links.token(locked, Purpose.NEW_ADDRESS) != token or not _is_open(locked):
            raise LinkEnded(_("This link has ended."))
        if not _is_done(locked):
            _change(locked, locked.new_email, Proof.EMAIL_LINK, now=now)
    return locked


def change_address_in_person(
    *, consultation: Consultation, email: str, note: str, now: dt.datetime
) -> Consultation:
    """Staff saw the person, who says the new address: `note` says who and why. It counts at once.

    Raises NotPossibleNow, DetailsRefused, OwnVisitThen.
    """
    if not note.strip():
        raise NotPossibleNow(_("Say who saw the person, and why."), field="note")
    with transaction.atomic():
        locked = _lock_to_change(consultation)
        new = _another(locked, email)
        _change(locked, new, Proof.IN_PERSON, note=note.strip(), now=now)
    return locked


NONE_WAITS = _("No new e-mail address waits for its code.")


def _lock_to_change(consultation: Consultation) -> Consultation:
    locked = lock_consultation(consultation.pk)
    if not locked.is_proven:
        raise NotPossibleNow(_("The address that we have is not confirmed yet. Correct it there."))
    if locked.status == Status.CANCELLED:
        raise NotPossibleNow(_("This request was cancelled. Please start again."))
    return locked


def _another(consultation: Consultation, email: str) -> str:
    new = email.strip().lower()
    if new == consultation.email:
        raise DetailsRefused(_("Our e-mails go to this address already."), field="email")
    return new


def _is_done(consultation: Consultation) -> bool:
    """Whether the newest code or link has changed the address already."""
    changed, issued = consultation.email_changed_at, consultation.code_issued_at
    return not consultation.new_email and bool(changed and issued and changed >= issued)


def _is_open(consultation: Consultation) -> bool:
    """Whether there is an address to prove, or it has just been proven."""
    if consultation.status == Status.CANCELLED:
        return False
    return bool(consultation.new_email) or _is_done(consultation)


def _change(
    consultation: Consultation, new: str, how: str, *, now: dt.datetime, note: str = ""
) -> None:
    """The present address becomes the former one, and every link that was sent there ends.

    What is still of use goes to the new one by itself, as who it goes to is a part of what is owed
    (bookings/owing.py). The one before the present one still hears that it was left.
    """
    owing.note_word_of_change(consultation, now=now)
    gave_way = consultation.gave_way
    consultation.former_email, consultation.email = consultation.email, new
    consultation.new_email = ""
    consultation.email_changed_at = consultation.proven_at = now
    consultation.proven_by, consultation.proven_note = how, note
    if gave_way:  # it still counts as let go at the proof
        consultation.hold_expires_at = now
    consultation.link_serial += 1
    consultation.link_tries = 0
    consultation.link_asked_at = None if _hears_of_its_visit(consultation, now=now) else now
    _change_patient(consultation)


def _hears_of_its_visit(consultation: Consultation, *, now: dt.datetime) -> bool:
    """Whether the new address gets the confirmation, or word of the move, with the link in it.

    Else it is owed the link alone. Back at an address that had the confirmation, it does not come again.
    """
    starts_at = consultation.starts_at
    if consultation.status != Status.CONFIRMED or starts_at is None or starts_at <= now:
        return False
    told = Message.objects.filter(
        consultation=consultation,
        addressee=consultation.email,
        kind__in=[Kind.CONFIRMED, Kind.MOVED],
        revision=consultation.revision,
    )
    return not told.exists()


def _change_patient(consultation: Consultation) -> None:
    """Behind another address stands another patient's row; one that nobody needs any longer goes.

    Raises OwnVisitThen: the person behind the new address has another visit at that time.
    """
    former = consultation.patient
    assert former  # a proven one has a patient
    rows = Patient.objects.filter(Q(pk=former.pk) | Q(email=consultation.email)).order_by("pk")
    list(rows.select_for_update())  # in one order, so that no two changes wait for each other
    consultation.patient = patient_of(consultation)
    consultation.tips_stopped_at = consultation.tips_stopped_at or as_they_said(consultation)
    try:
        with transaction.atomic():
            consultation.save(update_fields=CHANGED)
    except IntegrityError as error:
        if "one_visit_at_a_time_for_a_patient" not in str(error):
            raise
        raise OwnVisitThen(
            _(
                "With this address you have another visit at the same time. Cancel one of them first."
            ),
            field="email",
        ) from error
    if not Consultation.objects.filter(patient=former).exists():
        former.delete()
