"""The link to a patient's own page: what it opens, and how long it lives."""

import datetime as dt

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from bookings import aftercare, links
from bookings.links import Purpose
from bookings.models import Consultation, MessageState, Status
from clinic.errors import Refused

LINK_HOLDS = dt.timedelta(days=90)


class LinkEnded(Refused):
    """Unknown, run out, used and foreign links all look alike."""

    code = "link_ended"
    status = 404


class DataErased(LinkEnded):
    """A link that was good until all that was known of its visit was erased; who has it is told so."""

    code = "data_erased"
    status = 410


def open_page_link(*, token: str, now: dt.datetime) -> Consultation:
    """The consultation behind a link to the patient's page; changes nothing.

    Raises LinkEnded, DataErased.
    """
    found = links.find(token, Purpose.PAGE)
    if found is None and links.find(token, Purpose.PAGE, erased=True):
        raise DataErased(_("What we knew about this visit is erased."))
    if found is None or link_has_run_out(found, now=now):
        raise LinkEnded(_("This link has ended."))
    return found


def link_has_run_out(consultation: Consultation, *, now: dt.datetime) -> bool:
    """Whether 90 days have passed since the visit, and since the last e-mail was or will be of use.

    Those that were owed stand in rows; of the others, aftercare comes last, by the plan as it is now. While
    the visit itself is not so long ago, none of them is asked for.
    """
    ended = max(consultation.asked_at, consultation.ends_at or consultation.asked_at)
    if now < ended + LINK_HOLDS:
        return False
    owed = consultation.messages.exclude(state=MessageState.DROPPED)
    moments = [ended, owed.aggregate(last=Max("useful_until"))["last"]]
    if consultation.status != Status.CANCELLED:
        for session in consultation.sessions.standing():
            moments += [tip.until(session) for tip in aftercare.tips_of(session)]
    return now >= max(moment for moment in moments if moment) + LINK_HOLDS
