"""Cases of the night in which the clock is put back: what it shows twice is offered once per instant.

The changes (UTC), as `zdump -v` tells them: Berlin 2026-10-25 01:00, from +2 to +1. New York 2025-11-02
06:00, from -4 to -5. Lord Howe 2026-04-04 15:00, from +11 to +10:30. Casablanca 2026-02-15 02:00, before
Ramadan, from +1 to +0.
"""

from tests.bookings.slots.written import Case

AUTUMN = {"zone": "Europe/Berlin", "around": "2026-10-25"}
NOVEMBER = {"zone": "America/New_York", "around": "2025-11-02"}
HALF_AN_HOUR = {"zone": "Australia/Lord_Howe", "around": "2026-04-04"}

PUT_BACK = [
    Case(
        says="the repeated hour is offered once per instant",
        hours="Sun 01:00-04:00",
        length=60,
        grid=60,
        starts="2026-10-24: 23:00, 2026-10-25: 00:00 01:00 02:00",
        **AUTUMN,
    ),
    Case(
        says="a window inside the repeated hour is open twice",
        hours="Sun 02:15-02:45",
        starts="2026-10-25: 00:15 01:15",
        **AUTUMN,
    ),
    Case(
        says="and a visit longer than it fits neither time",
        hours="Sun 02:15-02:45",
        length=45,
        starts="",
        **AUTUMN,
    ),
    Case(
        says="the repeated hour is two hours long",
        hours="Sun 02:00-03:00",
        length=90,
        starts="2026-10-25: 00:00 00:30",
        **AUTUMN,
    ),
    Case(
        says="a window that ends in the repeated hour opens once more when the clock shows it again",
        hours="Sun 01:00-02:30",
        starts="2026-10-24: 23:00 23:30, 2026-10-25: 00:00 01:00",
        **AUTUMN,
    ),
    Case(
        says="a window that begins in the repeated hour closes where the clock is put back",
        hours="Sun 02:30-04:00",
        starts="2026-10-25: 00:30 01:30 02:00 02:30",
        **AUTUMN,
    ),
    Case(
        says="a visit spans the change and takes its length",
        hours="Sun 01:00-04:00",
        length=120,
        grid=60,
        starts="2026-10-24: 23:00, 2026-10-25: 00:00 01:00",
        **AUTUMN,
    ),
    Case(
        says="a window of a whole day has 25 hours",
        hours="Sun 00:00-00:00",
        length=360,
        grid=360,
        starts="2026-10-24: 22:00, 2026-10-25: 05:00 11:00 17:00",
        **AUTUMN,
    ),
    Case(
        says="the night from ten to four has seven hours",
        hours="Sat 22:00-04:00",
        length=60,
        grid=60,
        starts="2026-10-24: 20:00 21:00 22:00 23:00, 2026-10-25: 00:00 01:00 02:00",
        **AUTUMN,
    ),
    Case(
        says="a visit at the first two o'clock leaves the second one free",
        hours="Sun 02:00-03:00",
        taken="2026-10-25T00:00/2026-10-25T00:30",
        starts="2026-10-25: 00:30 01:00 01:30",
        **AUTUMN,
    ),
    Case(
        says="a closure of the first time round leaves the second one open",
        hours="Sun 02:00-03:00",
        closures="2026-10-25T00:00/2026-10-25T01:00",
        starts="2026-10-25: 01:00 01:30",
        **AUTUMN,
    ),
    Case(
        says="an extra opening over the change counts elapsed time",
        hours="",
        openings="2026-10-25T00:30/2026-10-25T02:30",  # 02:30 to 03:30, two hours
        length=60,
        grid=60,
        starts="2026-10-25: 00:30 01:30",
        **AUTUMN,
    ),
    Case(
        says="minimum notice is elapsed time: three hours from midnight are the second two o'clock",
        hours="Sun 01:00-04:00",
        now="2026-10-24T22:00",
        notice=180,
        starts="2026-10-25: 01:00 01:30 02:00 02:30",
        **AUTUMN,
    ),
    Case(
        says="the day before and the day after are as ever",
        hours="Sat 02:00-03:00, Mon 02:00-03:00",
        starts="2026-10-24: 00:00 00:30, 2026-10-26: 01:00 01:30",
        **AUTUMN,
    ),
    Case(
        says="an hour free after a visit at one is over at the second two o'clock",
        hours="Sun 01:00-04:00",
        taken="2026-10-24T23:00/2026-10-25T00:00",
        taken_after=60,
        starts="2026-10-25: 01:00 01:30 02:00 02:30",
        **AUTUMN,
    ),
    Case(
        says="at the same moment elsewhere, over the change",
        hours="Sun 02:00-03:00",
        elsewhere="2026-10-25T00:30/2026-10-25T01:30",
        starts="2026-10-25: 00:00 01:30",
        **AUTUMN,
    ),
    Case(
        says="half past twelve until two has two and a half hours",
        hours="Sun 00:30-02:00",
        starts="2025-11-02: 04:30 05:00 05:30 06:00 06:30",
        **NOVEMBER,
    ),
    Case(
        says="the grid counts by the clock the second time round, too",
        hours="Sun 00:30-02:30",
        length=20,
        grid=50,  # 00:30, 01:20, 01:20 again, 02:10
        starts="2025-11-02: 04:30 05:20 06:20 07:10",
        **NOVEMBER,
    ),
    Case(
        says="an opening from the second one o'clock does not open the first",
        hours="",
        openings="2025-11-02T06:00/2025-11-02T07:00",
        starts="2025-11-02: 06:00 06:30",
        **NOVEMBER,
    ),
    Case(
        says="half an hour is repeated",
        hours="Sun 01:00-03:00",
        length=20,
        grid=20,  # 01:00, 01:20, 01:40, 01:40 again, 02:00, 02:20, 02:40
        starts="2026-04-04: 14:00 14:20 14:40 15:10 15:30 15:50 16:10",
        **HALF_AN_HOUR,
    ),
    Case(
        says="a window of the repeated half hour lasts an hour",
        hours="Sun 01:30-02:00",
        length=60,
        starts="2026-04-04: 14:30",
        **HALF_AN_HOUR,
    ),
    Case(
        says="before Ramadan, two o'clock comes twice",
        zone="Africa/Casablanca",
        around="2026-02-15",
        hours="Sun 01:30-03:30",
        starts="2026-02-15: 00:30 01:00 01:30 02:00 02:30 03:00",
    ),
]
