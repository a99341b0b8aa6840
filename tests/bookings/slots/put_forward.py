"""Cases of the night in which the clock is put forward: what it never shows is not offered.

The changes (UTC), as `zdump -v` tells them: Berlin 2026-03-29 01:00, from +1 to +2. New York 2026-03-08
07:00, from -5 to -4. Lord Howe 2026-10-03 15:30, from +10:30 to +11. Casablanca 2026-03-22 02:00, after
Ramadan, from +0 to +1.
"""

from tests.bookings.slots.written import Case

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
SPRING = {"zone": BERLIN, "around": "2026-03-29"}
MARCH = {"zone": NEW_YORK, "around": "2026-03-08"}
HALF_AN_HOUR = {"zone": LORD_HOWE, "around": "2026-10-04", "grid": 20, "length": 20}

PUT_FORWARD = [
    Case(
        says="a start inside the gap is not offered",
        hours="Sun 01:00-04:00",
        starts="2026-03-29: 00:00 00:30 01:00 01:30",
        **SPRING,
    ),
    Case(says="a window inside the gap is not open", hours="Sun 02:00-03:00", starts="", **SPRING),
    Case(
        says="a window that begins in the gap opens after it, its grid counts from where it began",
        hours="Sun 02:15-04:00",
        starts="2026-03-29: 01:15",  # 03:15; at 03:45 only 15 minutes are left
        **SPRING,
    ),
    Case(
        says="a window that ends in the gap ends where the gap begins",
        hours="Sun 00:30-02:30",
        starts="2026-03-28: 23:30, 2026-03-29: 00:00 00:30",
        **SPRING,
    ),
    Case(
        says="a visit spans the change and takes its length",
        hours="Sun 01:00-04:00",
        length=60,
        grid=45,  # 01:00, 01:45 (until 03:45), 02:30 is never shown, 03:15 ends too late
        starts="2026-03-29: 00:00 00:45",
        **SPRING,
    ),
    Case(
        says="ninety minutes from one o'clock end at half past three",
        hours="Sun 01:00-03:30",
        length=90,
        starts="2026-03-29: 00:00",
        **SPRING,
    ),
    Case(
        says="the day before is as ever",
        zone=BERLIN,
        around="2026-03-28",
        hours="Sat 01:00-04:00",
        starts="2026-03-28: 00:00 00:30 01:00 01:30 02:00 02:30",
    ),
    Case(
        says="the day after is as ever, an hour earlier",
        zone=BERLIN,
        around="2026-03-30",
        hours="Mon 01:00-04:00",
        starts="2026-03-29: 23:00 23:30, 2026-03-30: 00:00 00:30 01:00 01:30",
    ),
    Case(
        says="the night from ten to four has five hours",
        hours="Sat 22:00-04:00",
        length=60,
        grid=60,
        starts="2026-03-28: 21:00 22:00 23:00, 2026-03-29: 00:00 01:00",
        **SPRING,
    ),
    Case(
        says="a window of a whole day has 23 hours, its grid counts from midnight by the clock",
        hours="Sun 00:00-00:00",
        length=240,
        grid=240,
        starts="2026-03-28: 23:00, 2026-03-29: 02:00 06:00 10:00 14:00 18:00",
        **SPRING,
    ),
    Case(
        says="24 hours from eight at night to eight end after 23",
        hours="Sat 20:00-20:00",
        length=180,
        grid=180,  # 20, 23, (02), 05, 08, 11, 14, 17 o'clock
        starts="2026-03-28: 19:00 22:00, 2026-03-29: 03:00 06:00 09:00 12:00 15:00",
        **SPRING,
    ),
    Case(
        says="minimum notice is elapsed time: three hours from half past eleven are half past three",
        hours="Sun 03:00-06:00",
        now="2026-03-28T22:30",
        notice=180,
        starts="2026-03-29: 01:30 02:00 02:30 03:00 03:30",
        **SPRING,
    ),
    Case(
        says="what is free after a visit ends by closing time",
        hours="Sun 01:00-03:30",
        after=30,
        starts="2026-03-29: 00:00 00:30",
        **SPRING,
    ),
    Case(
        says="the gap between two visits is the larger one, in elapsed time",
        hours="Sun 01:00-05:00",
        before=60,
        taken="2026-03-29T00:00/2026-03-29T00:30",  # 01:00 to 01:30; the next one at 03:30
        taken_after=30,
        starts="2026-03-29: 01:30 02:00 02:30",
        **SPRING,
    ),
    Case(
        says="closing the short day closes all of it and nothing else",
        hours="Sat 22:00-02:00, Sun 22:00-02:00",
        closures="2026-03-28T23:00/2026-03-29T22:00",
        length=60,
        grid=60,
        starts="2026-03-28: 21:00 22:00, 2026-03-29: 22:00 23:00",
        **SPRING,
    ),
    Case(
        says="from half past one to half past three is an hour",
        hours="Sun 01:30-03:30",
        length=20,
        grid=20,  # 01:30, 01:50, 03:10
        starts="2026-03-08: 06:30 06:50 07:10",
        **MARCH,
    ),
    Case(
        says="a closure over the gap",
        hours="Sun 01:00-05:00",
        closures="2026-03-08T06:30/2026-03-08T07:30",  # 01:30 to 03:30
        starts="2026-03-08: 06:00 07:30 08:00 08:30",
        **MARCH,
    ),
    Case(
        says="an extra opening over the gap counts elapsed time",
        hours="",
        openings="2026-03-08T06:15/2026-03-08T08:15",  # 01:15 to 04:15
        starts="2026-03-08: 06:15 06:45 07:15 07:45",
        **MARCH,
    ),
    Case(
        says="an extra opening that begins where the clock jumps",
        hours="",
        openings="2026-03-08T07:00/2026-03-08T08:00",
        starts="2026-03-08: 07:00 07:30",
        **MARCH,
    ),
    Case(
        says="at the same moment elsewhere, over the gap",
        hours="Sun 01:00-04:00",
        elsewhere="2026-03-08T06:45/2026-03-08T07:15",  # 01:45 to 03:15
        starts="2026-03-08: 06:00 07:30",
        **MARCH,
    ),
    Case(
        says="half an hour is left out",
        hours="Sun 01:30-03:30",  # 01:30, 01:50, (02:10), 02:30, 02:50, 03:10
        starts="2026-10-03: 15:00 15:20 15:30 15:50 16:10",
        **HALF_AN_HOUR,
    ),
    Case(says="the half hour left out", hours="Sun 02:00-02:30", starts="", **HALF_AN_HOUR),
    Case(
        says="a window counts by the clock where an opening counts elapsed time",
        zone=LORD_HOWE,
        around="2026-10-04",
        hours="Sun 01:00-03:30",  # 01:00, (02:00), 03:00
        openings="2026-10-03T14:30/2026-10-03T17:30",
        grid=60,
        starts="2026-10-03: 14:30 15:30 16:00 16:30",
    ),
    Case(
        says="after Ramadan, two o'clock is three",
        zone="Africa/Casablanca",
        around="2026-03-22",
        hours="Sun 01:00-04:00",
        length=60,
        grid=60,
        starts="2026-03-22: 01:00 02:00",
    ),
    Case(
        says="nine o'clock on Saturday and on Monday are 47 hours apart",
        zone="Africa/Casablanca",
        around="2026-03-22",
        hours="Sat 09:00-10:00, Mon 09:00-10:00",
        length=60,
        grid=60,
        starts="2026-03-21: 09:00, 2026-03-23: 08:00",
    ),
]
