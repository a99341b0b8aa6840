"""What a patient asks to have erased, and the clinic's answer."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.actions import Scrubbed
from bookings.actions.locks import lock_consultation
from bookings.models import Consultation, NotPossibleNow
from clinic.models import Clinic
from consent import retention
from consent.actions.erasing import Basis, day_in_words, erase, lies_ahead
from consent.models import Answer, ErasureRequest


def ask_for_erasure(
    *, consultation: Consultation, taken_by: User | None = None, now: dt.datetime
) -> ErasureRequest:
    """A patient wants what is known of them erased; `taken_by` staff, or nobody: on their own page.

    Asked already and not answered: the request that is open. Raises NotPossibleNow while a visit
    lies ahead (a cancelled visit cannot be had back, so nobody cancels it by the way), and once all
    is erased.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        standing = ErasureRequest.objects.filter(consultation=locked, answer=Answer.OPEN).first()
        if standing is not None:
            return standing
        if lies_ahead(locked, now=now):
            raise NotPossibleNow(_("There is a visit ahead. Cancel it first."))
        return ErasureRequest.objects.create(
            consultation=locked, asked_at=now, taken_by_id=taken_by.pk if taken_by else None
        )


def grant_erasure(*, asked: ErasureRequest, by: User, now: dt.datetime) -> Scrubbed:
    """Erases, and answers so. Granted already: nothing happens.

    Raises NotPossibleNow where it cannot be erased now, and for a request that was refused.
    """
    with transaction.atomic():
        scrubbed = erase(consultation=asked.consultation, basis=Basis.ASKED, by=by, now=now)
        locked = _lock(asked)
        if locked.answer == Answer.GRANTED:
            return scrubbed
        if locked.answer == Answer.REFUSED:
            raise NotPossibleNow(_("This request was refused. The patient can ask again."))
        _answer(locked, Answer.GRANTED, by=by, now=now)
    return scrubbed


def refuse_erasure(
    *, asked: ErasureRequest, why: str, by: User, now: dt.datetime
) -> ErasureRequest:
    """Answers no; `why` is what the patient reads, and names nobody.

    Refused already: nothing happens. Raises NotPossibleNow without a reason, and once it is granted.
    """
    if not why.strip():
        raise NotPossibleNow(_("Say why, in words for the patient."), field="why")
    with transaction.atomic():
        # As erasing does: words that are written while it erases would stay.
        lock_consultation(asked.consultation_id)
        locked = _lock(asked)
        if locked.answer == Answer.REFUSED:
            return locked
        if locked.answer == Answer.GRANTED:
            raise NotPossibleNow(_("This is erased already."))
        _answer(locked, Answer.REFUSED, by=by, now=now, why=why.strip())
    return locked


def usual_refusal(consultation: Consultation, *, now: dt.datetime) -> str:
    """Why it has to be kept, in the patient's language; "" where nothing forbids to erase it."""
    kept, clinic = retention.keep_until(consultation), Clinic.objects.the_clinic()
    with translation.override(consultation.language):
        if kept.binds(now=now) and clinic:
            return gettext(
                "You were treated here. The law (UAE Federal Law No. 2 of 2019, article 20) says that "
                "we have to keep your file for %(years)s years after your last treatment: until "
                "%(day)s. After that we erase it."
            ) % {"years": clinic.keep_treated_years, "day": day_in_words(kept.until)}
        if retention.is_held(consultation):
            return gettext(
                "At the moment we have to keep your file for a legal reason. Ask us again later, or "
                "call us."
            )
    return ""


def words_of_the_grant() -> str:
    """What is told to the patient, in the active language: after it nobody can write to them."""
    return gettext(
        "We have erased what we knew about you and this visit: your name, date of birth, e-mail "
        "address and phone number, and everything you wrote to us. What stays is a record without "
        "your name: which side effects were read, and when. Nobody can tell from it that it was "
        "you. If you kept your receipt, it can still be checked. We cannot write to you any more."
    )


def _lock(asked: ErasureRequest) -> ErasureRequest:
    return ErasureRequest.objects.select_for_update(of=("self",)).get(pk=asked.pk)


def _answer(
    asked: ErasureRequest, answer: Answer, *, by: User, now: dt.datetime, why: str = ""
) -> None:
    asked.answer, asked.why = answer, why
    asked.answered_by_id, asked.answered_at = by.pk, now
    asked.save(update_fields=["answer", "why", "answered_by", "answered_at"])
