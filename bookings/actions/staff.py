"""E-mails to staff: each once for each addressee and what it is about, sent as safely as a patient's."""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models.functions import Coalesce

from bookings.emails.staff import did_not_arrive
from bookings.models import CODES, Kind, Message, MessageState
from clinic import times
from clinic.groups import LEAD
from clinic.i18n import Language
from clinic.models import Clinic

RETURNED = (MessageState.BOUNCED, MessageState.BAD_ADDRESS)
# Whoever waits for a code sees on their page that it does not come, and how to correct the address.
LOOKS_BACK = dt.timedelta(days=7)
# A refusal may mean us and not the address: where it does, the row is owed again by then (relay.py).
SURE_AFTER = dt.timedelta(minutes=2)
USEFUL_FOR = dt.timedelta(days=3)


def tell_staff(
    *,
    kind: Kind,
    about: str,
    to: Iterable[str],
    subject: str,
    body: str,
    now: dt.datetime,
    useful_for: dt.timedelta,
) -> None:
    """Owes an e-mail to each of these addresses, due at `now`; once, however often it is asked."""
    rows = [
        Message(
            kind=kind,
            about=about,
            addressee=address,
            language=Language.ENGLISH,
            subject=subject,
            body=body,
            due_at=now,
            next_try_at=now,
            useful_until=now + useful_for,
        )
        for address in sorted(set(to))
    ]
    Message.objects.bulk_create(rows, ignore_conflicts=True)


def leads() -> list[str]:
    """Whom the lead's e-mails go to: who is in the group and has an address, else ANCHOR_MAIL_TO."""
    of_group = User.objects.filter(groups__name=LEAD, is_active=True).exclude(email="")
    return list(of_group.values_list("email", flat=True)) or settings.ANCHOR_MAIL_TO


def tell_of_returned(*, now: dt.datetime) -> int:
    """Tells the clinic's own address of patients' e-mails that came back or had a bad address.

    Read from state, as everything that is owed: once a day for each consultation, while nobody has
    said that they took care of it. Never of an e-mail to staff, or one that comes back would make the
    next. Gives how many consultations it was told of.
    """
    returned = (
        Message.objects.needing_staff()
        .filter(state__in=RETURNED, consultation__isnull=False)
        .exclude(kind__in=CODES)
        .annotate(returned_at=Coalesce("bounced_at", "refused_at"))
        .filter(returned_at__gt=now - LOOKS_BACK, returned_at__lte=now - SURE_AFTER)
    )
    rows = list(returned.select_related("consultation").order_by("-pk"))
    if not rows:
        return 0
    clinic = Clinic.objects.get()
    by_about = {_about(row, clinic): row for row in rows}
    noted = Message.objects.filter(
        addressee=clinic.email, kind=Kind.BOUNCE, about__in=list(by_about)
    )
    untold = by_about.keys() - set(noted.values_list("about", flat=True))
    for about in sorted(untold):
        consultation, trouble = by_about[about].consultation, by_about[about].trouble
        assert consultation is not None
        words = did_not_arrive(consultation, trouble)
        tell_staff(
            kind=Kind.BOUNCE,
            about=about,
            to=[clinic.email],
            subject=words.subject,
            body=words.body,
            now=now,
            useful_for=USEFUL_FOR,
        )
    return len(untold)


def _about(message: Message, clinic: Clinic) -> str:
    """The reference, and the day on which it came back."""
    day = times.local_day(message.returned_at, clinic.zone)  # type: ignore[attr-defined]  # annotated
    return f"{message.consultation.reference} {day}"  # type: ignore[union-attr]  # a patient's
