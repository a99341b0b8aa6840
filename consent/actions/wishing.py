"""Wanting to talk about a risk first: an act of its own, which acknowledges nothing."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_consultation
from bookings.models import Consultation, NotPossibleNow
from consent.actions.acknowledging import page_shown
from consent.actions.reading import keep_apart, kept_value, note
from consent.actions.statements import statement_for
from consent.models import ActKind, PatientAct

WISHES_AT_MOST = 30  # of one consultation; more is not a person


def want_to_talk(
    *, consultation: Consultation, shown: str, question: str = "", now: dt.datetime
) -> PatientAct:
    """The patient wants to talk about the risk that the signed page showed, before going on.

    Reception sees it and can call; a time that is held stays held as after every step. The same act
    repeated gives the row that stands. Raises StalePage, NotPossibleNow.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        page = page_shown(locked, shown, now=now)
        reading = page.progress.reading
        wishes = PatientAct.objects.wishes_of(locked)
        for wish in wishes.filter(reading=reading, risk=page.risk):
            if kept_value(wish.note_commitment) == question.strip():
                note(locked, page.progress, now=now)
                return wish
        if wishes.count() >= WISHES_AT_MOST:
            raise NotPossibleNow(_("We have your wish to talk. Please call the clinic."))
        wish = PatientAct.objects.create(
            kind=ActKind.WANTS_TO_TALK,
            consultation=locked,
            reading=reading,
            risk=page.risk,
            language=reading.language,
            statement=statement_for(ActKind.WANTS_TO_TALK, language=reading.language),
            note_commitment=keep_apart(locked, "question", question.strip()),
            acted_at=now,
        )
        note(locked, page.progress, now=now)
    return wish
