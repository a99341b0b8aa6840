"""Which part of the state has to be read, so that a look every two seconds misses nothing and stays short.

What is owed follows from rows and from the time alone. So an e-mail that is owed now and was not at the
last look is about a row that changed since, or it fell due since: a short look asks only for these. A
row bears the transaction that changed it (a trigger of migration 0012), and each look keeps the oldest
transaction that it could not see to its end. So what was being written during a look, however long that
takes, is seen by the next, and no clock is asked for it.

Every WHOLE_LOOK_EVERY everything is read, whatever the rows say: for what follows from neither, such as
a plan of aftercare that the clinic changed, and a new version of this program.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from bookings.models import Relay

WHOLE_LOOK_EVERY = dt.timedelta(minutes=10)
# How far back a look asks for what fell due and ended while nobody looked.
LOOKS_BACK = dt.timedelta(days=7)
A_TICK_BESIDE = dt.timedelta(minutes=1)

# The last look; the oldest transaction that goes on; the one after those that can be seen, our own too.
LAST_LOOK = """
SELECT ticked_at, looked_at, looked_through, looked_at_all_at,
    pg_snapshot_xmin(seen)::text::bigint,
    greatest(pg_snapshot_xmax(seen)::text::bigint, pg_current_xact_id_if_assigned()::text::bigint + 1)
FROM bookings_relay, pg_current_snapshot() seen
"""


@dataclass(frozen=True)
class Look:
    """One reading of what is owed at `now`, and of the promised whose time ended after `since`."""

    now: dt.datetime
    since: dt.datetime
    # Of a short look: from the oldest transaction that was not seen, to before the first yet to come.
    changed_in: tuple[int, int] | None = None
    through: int = 0

    @property
    def is_whole(self) -> bool:
        return self.changed_in is None

    def changed(self, row: str = "") -> Q:
        """The rows that the last look may not have seen as they are now.

        Greater numbers come from another server that the rows were brought from.
        """
        assert self.changed_in is not None
        first, end = self.changed_in
        return Q(**{f"{row}changed_in__gte": first, f"{row}changed_in__lt": end})


def among(rows: list[int], column: str = "pk") -> Q:
    """Rows by their number; the same statement however many they are."""
    return Q(**{f"{column}__in": RawSQL("SELECT unnest(%s::bigint[])", [rows])})


def begin(*, now: dt.datetime) -> Look:
    """The look that is due now: a short one, or a whole one.

    Whole too if the last look is not of this server (it was restored) or lies far in the future.
    """
    with connection.cursor() as cursor:
        cursor.execute(LAST_LOOK)
        ticked_at, looked_at, looked_through, whole_at, oldest, end = cursor.fetchone()
    if looked_at is not None and abs(now - whole_at) < WHOLE_LOOK_EVERY:
        if looked_through <= oldest:
            return Look(now, min(looked_at, now), (looked_through, end), oldest)
    since = max(ticked_at, now - LOOKS_BACK) if ticked_at else now
    return Look(now, min(since, now), None, oldest)


def end(look: Look) -> None:
    """What the look found is noted: the next one goes on from here. That somebody looked is noted too.

    Of two looks at once the later one may know less: it counts only if it knows at least as much.
    """
    # Later than now it can only be by a sender beside us, or by a clock that was put back since.
    beside_us = Q(ticked_at__gte=look.now, ticked_at__lte=look.now + A_TICK_BESIDE)
    Relay.objects.exclude(beside_us).update(ticked_at=look.now)
    seen = {"looked_at": look.now, "looked_through": look.through}
    if look.is_whole:
        Relay.objects.update(**seen, looked_at_all_at=look.now)
    else:
        before = Q(looked_at__lte=look.now, looked_through__lte=look.through)
        Relay.objects.filter(before).update(**seen)
