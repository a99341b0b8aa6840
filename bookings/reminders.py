"""What e-mails the present state of a consultation owes, and until when: RULES is the whole table.

Nothing is scheduled: every tick asks again (bookings/owing.py), so a visit that moves or is cancelled
takes its reminders along. Windows never overlap, so of two reminders that would fall together only one
goes. Aftercare counts from treatment sessions instead (bookings/aftercare.py). Who has no e-mail
address is owed nothing.
"""

import datetime as dt

from django.db.models import Exists, F, OuterRef, Q

from bookings.links import CODE_HOLDS
from bookings.models import Kind, Message, Proof, Status
from bookings.moments import DAY, Moment, Rule

HOUR = dt.timedelta(hours=1)


def _known(before: dt.timedelta) -> Q:
    """Visits whose time was agreed so long before it that a reminder is still news.

    Booked two days ahead, nobody needs a reminder three days before. Moved, the same is asked of the
    e-mail about the move.
    """
    told = Message.objects.filter(
        consultation=OuterRef("pk"),
        kind=Kind.MOVED,
        revision=OuterRef("revision"),
        due_at__lte=OuterRef("starts_at") - before,
    )
    return Q(revision=0, confirmed_at__lte=F("starts_at") - before) | Q(Exists(told))


UNFINISHED = Q(status__in=[Status.WAITING, Status.HELD, Status.EXPIRED])
CONFIRMED = Q(status=Status.CONFIRMED)
CANCELLED = Q(status=Status.CANCELLED)
PROVEN = Q(proven_at__isnull=False)
# Asked for after the request was settled; before that, the link is for finishing it.
ASKED_AFTERWARDS = Q(status=Status.CANCELLED, link_asked_at__gte=F("cancelled_at")) | Q(
    ~UNFINISHED & ~CANCELLED, link_asked_at__gte=F("confirmed_at")
)
# Who was told of a visit is told of its end; so is a proven one whom staff cancel, also at
# the patient's word.
KNEW_OF_IT = Q(confirmed_at__isnull=False) | (PROVEN & Q(cancelled_by_patient=False))
# Let go at the proof, for the same person has a visit then: the page says so at once.
GAVE_WAY = Q(status=Status.EXPIRED, hold_expires_at=F("proven_at")) & ~Q(proven_by=Proof.IN_PERSON)
HAD_A_TIME_AHEAD = Q(starts_at__gt=F("cancelled_at"))

# fmt: off
RULES = (
    # kind, state, due, useful until, about

    # --- Before the visit is booked: what was asked for comes at once, by night too.
    Rule(Kind.CODE, ~PROVEN & ~CANCELLED,
         Moment("code_issued_at"), Moment("code_issued_at", CODE_HOLDS), ("code", "code_serial")),
    Rule(Kind.REQUEST_RECEIVED, PROVEN & Q(status=Status.WAITING, link_asked_at=None),
         Moment("proven_at"), Moment("proven_at", DAY), ("request",)),
    Rule(Kind.FINISH, UNFINISHED,
         Moment("link_asked_at"), Moment("link_asked_at", DAY), ("link", "link_serial")),
    Rule(Kind.OFFERED, Q(status=Status.HELD, offered_at__isnull=False),
         Moment("offered_at"), Moment("hold_expires_at"), ("offer", "offered_at")),
    Rule(Kind.HOLD_RAN_OUT, PROVEN & Q(status__in=[Status.HELD, Status.EXPIRED]) & ~GAVE_WAY,
         Moment("hold_expires_at"), Moment("hold_expires_at", DAY), ("held", "held_at"),
         by_day=True),

    # --- The link to the patient's page, and their address.
    Rule(Kind.LINK, ASKED_AFTERWARDS,
         Moment("link_asked_at"), Moment("link_asked_at", DAY), ("link", "link_serial"),
         after_cancel=True),
    Rule(Kind.NEW_ADDRESS, PROVEN & ~CANCELLED & ~Q(new_email=""),
         Moment("code_issued_at"), Moment("code_issued_at", CODE_HOLDS), ("address", "code_serial"),
         to="new_email"),
    # To the address before: it says that it was changed, and nothing else.
    Rule(Kind.ADDRESS_CHANGED, PROVEN,
         Moment("email_changed_at"), Moment("email_changed_at", 3 * DAY),
         ("address", "email_changed_at"), after_cancel=True, to="former_email"),

    # --- The visit. Days before it are counted by the patient's clock.
    Rule(Kind.CONFIRMED, CONFIRMED & Q(revision=0),
         Moment("confirmed_at"), Moment("starts_at"), ("visit", "revision"), promised=True),
    # Whoever is moved before the confirmation went out gets this one, which says everything.
    Rule(Kind.MOVED, CONFIRMED & Q(revision__gt=0),
         Moment("confirmed_at"), Moment("starts_at"), ("visit", "revision"), promised=True,
         due_at_once=True),
    Rule(Kind.REMINDER_3_DAYS, CONFIRMED & _known(3 * DAY),
         Moment("starts_at", days=-3), Moment("starts_at", days=-1), ("visit", "revision"),
         by_day=True, promised=True),
    Rule(Kind.REMINDER_1_DAY, CONFIRMED & _known(DAY),
         Moment("starts_at", days=-1), Moment("starts_at", -HOUR), ("visit", "revision"),
         by_day=True, promised=True),
    Rule(Kind.REMINDER_1_HOUR, CONFIRMED & _known(HOUR),
         Moment("starts_at", -HOUR), Moment("starts_at"), ("visit", "revision"), promised=True),
    Rule(Kind.ASK_AGAIN, CONFIRMED,
         Moment("asks_again_since"), Moment("starts_at"), ("again", "asks_again_since"),
         by_day=True, promised=True),

    # --- Its end.
    Rule(Kind.CANCELLED, CANCELLED & KNEW_OF_IT & HAD_A_TIME_AHEAD,
         Moment("cancelled_at"), Moment("starts_at"), ("cancelled",),
         after_cancel=True, promised=True),
    Rule(Kind.CANCELLED, CANCELLED & KNEW_OF_IT & (~HAD_A_TIME_AHEAD | Q(starts_at=None)),
         Moment("cancelled_at"), Moment("cancelled_at", 3 * DAY), ("cancelled",),
         after_cancel=True),
)
# fmt: on

# They wait for the morning; of aftercare the step says so.
BY_DAY = frozenset(rule.kind for rule in RULES if rule.by_day)
