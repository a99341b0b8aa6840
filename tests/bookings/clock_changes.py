"""Cases near a change of the clock, written out in UTC, and how a test asks about them.

The changes of 2027 (UTC), as `zdump -v` tells them: London 28 March 01:00 (to +1), 31 October 01:00 (to
+0). New York 14 March 07:00 (to -4), 7 November 06:00 (to -5). Cairo 29 April 22:00 (to +3), 28 October
21:00 (to +2): its clock jumps at midnight. Lord Howe 3 April 15:00 (to +10:30), 2 October 15:30 (to +11):
half an hour. Dubai, where the clinic is, has none.
"""

import datetime as dt

from bookings import owing
from bookings.models import Kind, Message, MessageState

LONDON, NEW_YORK, CAIRO = "Europe/London", "America/New_York", "Africa/Cairo"
LORD_HOWE, DUBAI = "Australia/Lord_Howe", "Asia/Dubai"
SECOND, DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def is_noted_and_sent(kind: Kind, expected: str) -> Message:
    """Not noted a second before it is due; noted then; sent by night only where that is meant."""
    due, sent = (utc(part) for part in (expected.split(", ") * 2)[:2])
    assert kind not in [row.kind for row in owing.owed(now=due - SECOND)]
    (row,) = [row for row in owing.owed(now=due) if row.kind == kind]
    assert (row.due_at, row.next_try_at, row.state) == (due, sent, MessageState.OWED)
    row.save()
    assert owing.still_owed(row, now=sent)
    assert owing.quiet_until(row, now=sent) == sent
    if sent > due:
        assert owing.quiet_until(row, now=sent - SECOND) == sent
    return row
