"""How the sending of e-mails stands: how late the oldest is, and when somebody last asked what is owed."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import BooleanField, Count, ExpressionWrapper, Min, Q

from bookings.models import Kind, Message, MessageState, Relay
from bookings.reminders import BY_DAY
from clinic import times

# So long after its time an e-mail is late, and so long after the last beat nobody asks any more.
LATE = dt.timedelta(minutes=5)
# So many e-mails put off one after the other, none taken between: that is no greylisting of one mailbox.
PUT_OFF = 10
COUNTED_FOR = dt.timedelta(days=7)
HOUR = dt.timedelta(hours=1)
# What was sent in the last hour was due before it, at most as long as an e-mail stays useful.
SENT_WERE_DUE_WITHIN = dt.timedelta(days=21)


@dataclass(frozen=True)
class Health:
    """The state of sending at one moment, by the database's clock."""

    now: dt.datetime
    relay: Relay
    # When the oldest e-mail that waits could first have been sent; None: nothing waits.
    oldest_due: dt.datetime | None

    @property
    def oldest_due_seconds(self) -> int:
        """The age of the oldest e-mail that waits; 0 where none does."""
        return max(0, int((self.now - self.oldest_due).total_seconds())) if self.oldest_due else 0

    @property
    def last_beat_seconds(self) -> int | None:
        """How long ago somebody last asked what is owed; None: nobody ever did."""
        asked = self.relay.ticked_at
        return max(0, int((self.now - asked).total_seconds())) if asked else None

    @property
    def is_late(self) -> bool:
        """Whether an e-mail has waited longer than LATE."""
        return self.oldest_due is not None and self.now - self.oldest_due > LATE

    @property
    def is_well(self) -> bool:
        return not self.is_late and not nobody_asks(self.relay, now=self.now)


def health(*, now: dt.datetime) -> Health:
    """How sending stands at `now`: three queries, those of e-mails answered by an index."""
    waiting = Message.objects.unsent().filter(next_try_at__lte=now)
    oldest = waiting.order_by("next_try_at").values_list("next_try_at", flat=True).first()
    found = [*_since_when_tried(now=now), *([oldest] if oldest else [])]
    return Health(now, Relay.objects.get(), min(found, default=None))


def _since_when_tried(*, now: dt.datetime) -> list[dt.datetime]:
    """Since when those wait that were tried in vain, the oldest of each zone: since they were due.

    Not since their next try, which each answer of "not now" moves on. What goes by day alone is counted
    from this morning by the patient's clock, and in the night not at all.
    """
    by_day = Q(kind__in=BY_DAY) | Q(kind=Kind.AFTERCARE, step__hours_after__gt=0)
    tried = Message.objects.filter(state=MessageState.OWED, tries__gt=0).exclude(trouble="")
    rows = tried.order_by().annotate(by_day=ExpressionWrapper(by_day, BooleanField()))
    oldest = rows.values_list("consultation__zone", "by_day").annotate(Min("due_at"))
    found = []
    for zone, waits_for_day, due_at in oldest:
        if not waits_for_day:
            found.append(due_at)
        elif not times.is_quiet(now, zone):
            found.append(max(due_at, times.morning(now, zone)))
    return found


def puts_us_off(relay: Relay, *, now: dt.datetime) -> bool:
    """Whether the mail server has put off PUT_OFF different e-mails for LATE, and taken none since."""
    since = relay.put_off_since
    if since is None or now - since < LATE:
        return False
    return Message.objects.unsent().filter(put_off_at__gte=since).count() >= PUT_OFF


def nobody_asks(relay: Relay, *, now: dt.datetime) -> bool:
    """Whether nobody has asked for LATE what is owed; never asked counts too."""
    return relay.ticked_at is None or now - relay.ticked_at > LATE


def waiting(*, now: dt.datetime) -> int:
    """How many e-mails could be sent now, if somebody did."""
    return Message.objects.unsent().filter(next_try_at__lte=now).count()


def by_state(*, now: dt.datetime) -> dict[str, int]:
    """How many e-mails of the last seven days are in each state; of those still to be sent, all."""
    counts = dict.fromkeys(MessageState.values, 0)
    rows = Message.objects.filter(due_at__gte=now - COUNTED_FOR).exclude(
        state__in=[MessageState.OWED, MessageState.SENDING]
    )
    for of in (rows, Message.objects.unsent()):
        counts.update(of.order_by().values_list("state").annotate(Count("pk")))
    return counts


def sent_in_the_last_hour(*, now: dt.datetime) -> dict[str, int]:
    """How many e-mails of each kind the mail server took in the last hour."""
    rows = Message.objects.filter(
        due_at__gte=now - SENT_WERE_DUE_WITHIN, sent_at__gt=now - HOUR, sent_at__lte=now
    )
    counts = dict.fromkeys(Kind.values, 0)
    counts.update(rows.order_by().values_list("kind").annotate(Count("pk")))
    return counts
