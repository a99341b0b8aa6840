"""Cases of days that begin oddly: without a midnight, with two, in a left-out day, or off the hour.

The changes (UTC), as `zdump -v` tells them, local time before and after:
Cairo      2026-04-23 22:00  Fri 00:00 becomes 01:00     2026-10-29 21:00  Fri 00:00 becomes Thu 23:00
Beirut     2026-03-28 22:00  Sun 00:00 becomes 01:00     2026-10-24 21:00  Sun 00:00 becomes Sat 23:00
Havana     2026-03-08 05:00  Sun 00:00 becomes 01:00     2025-11-02 05:00  Sun 01:00 becomes Sun 00:00
Santiago   2026-09-06 04:00  Sun 00:00 becomes 01:00     2026-04-05 03:00  Sun 00:00 becomes Sat 23:00
Apia       2011-12-30 10:00  the end of Thursday the 29th (-10) becomes Saturday the 31st, 00:00 (+14)
Kathmandu  1985-12-31 18:30  00:00 becomes 00:15; +5:45 ever since
St John's  2010-11-07 02:31  Sun 00:01 becomes Sat 23:01
"""

from tests.bookings.slots.written import Case

HOURLY = {"length": 60, "grid": 60}
CAIRO_SPRING = {"zone": "Africa/Cairo", "around": "2026-04-23"}
CAIRO_AUTUMN = {"zone": "Africa/Cairo", "around": "2026-10-29"}
BEIRUT_SPRING = {"zone": "Asia/Beirut", "around": "2026-03-28"}
BEIRUT_AUTUMN = {"zone": "Asia/Beirut", "around": "2026-10-24"}
HAVANA_AUTUMN = {"zone": "America/Havana", "around": "2025-11-02"}
APIA = {"zone": "Pacific/Apia", "around": "2011-12-30"}
KATHMANDU = {"zone": "Asia/Kathmandu", "around": "2026-01-03"}

MIDNIGHTS = [
    Case(
        says="a day without midnight opens at one",
        hours="Fri 00:00-03:00",
        starts="2026-04-23: 22:00 22:30 23:00 23:30",
        **CAIRO_SPRING,
    ),
    Case(
        says="the grid counts from the midnight that is not there",
        hours="Fri 00:00-03:00",
        length=20,
        grid=40,  # (00:00), (00:40), 01:20, 02:00, 02:40
        starts="2026-04-23: 22:20 23:00 23:40",
        **CAIRO_SPRING,
    ),
    Case(
        says="a window goes on over the midnight that is not there",
        hours="Thu 22:00-02:00",
        starts="2026-04-23: 20:00 21:00 22:00",
        **CAIRO_SPRING,
        **HOURLY,
    ),
    Case(
        says="a window ends at the midnight that is not there",
        hours="Thu 22:00-00:00",
        length=45,
        grid=45,
        starts="2026-04-23: 20:00 20:45",
        **CAIRO_SPRING,
    ),
    Case(
        says="a whole day without midnight",
        zone="Africa/Cairo",
        around="2026-04-24",
        hours="Fri 00:00-00:00",
        length=360,
        grid=360,  # (00:00), 06:00, 12:00, 18:00
        starts="2026-04-24: 03:00 09:00 15:00",
    ),
    Case(
        says="an extra opening over the midnight that is not there",
        hours="",
        openings="2026-04-23T21:30/2026-04-23T23:00",  # Thu 23:30 to Fri 02:00
        starts="2026-04-23: 21:30 22:00 22:30",
        **CAIRO_SPRING,
    ),
    Case(
        says="the last hour of the day comes twice",
        hours="Thu 22:00-00:00",
        starts="2026-10-29: 19:00 20:00 21:00",
        **CAIRO_AUTUMN,
        **HOURLY,
    ),
    Case(
        says="midnight comes after the second time round",
        hours="Fri 00:00-02:00",
        starts="2026-10-29: 22:00 23:00",
        **CAIRO_AUTUMN,
        **HOURLY,
    ),
    Case(
        says="the second eleven o'clock counts for Thursday's cap",
        hours="Thu 22:00-02:00",
        most_a_day=1,
        taken="2026-10-29T21:00/2026-10-29T21:30",
        starts="2026-10-29: 22:00 22:30 23:00 23:30",
        **CAIRO_AUTUMN,
    ),
    Case(
        says="the cap of the day before does not reach into a day without midnight",
        hours="Sat 22:00-04:00",
        most_a_day=1,
        taken="2026-03-28T21:00/2026-03-28T21:30",
        starts="2026-03-28: 22:00 22:30 23:00 23:30, 2026-03-29: 00:00 00:30",
        **BEIRUT_SPRING,
    ),
    Case(
        says="the cap of a day without midnight begins at one",
        hours="Sat 22:00-04:00",
        most_a_day=1,
        taken="2026-03-28T22:00/2026-03-28T22:30",
        starts="2026-03-28: 20:00 20:30 21:00 21:30",
        **BEIRUT_SPRING,
    ),
    Case(
        says="the last bookable day ends where the next one begins, at one",
        hours="Sat 22:00-04:00",
        horizon_days=0,
        now="2026-03-28T10:00",
        starts="2026-03-28: 20:00 20:30 21:00 21:30",
        **BEIRUT_SPRING,
    ),
    Case(
        says="the short day is the last bookable one",
        zone="Asia/Beirut",
        around="2026-03-29",
        hours="Sun 22:00-02:00",
        horizon_days=1,
        now="2026-03-28T10:00",
        starts="2026-03-29: 19:00 19:30 20:00 20:30",
    ),
    Case(
        says="the last bookable day has its last hour twice",
        hours="Sat 22:00-02:00",
        horizon_days=0,
        now="2026-10-24T08:00",
        starts="2026-10-24: 19:00 20:00 21:00",
        **BEIRUT_AUTUMN,
        **HOURLY,
    ),
    Case(
        says="no midnight in spring",
        zone="America/Havana",
        around="2026-03-08",
        hours="Sun 00:00-02:00",
        starts="2026-03-08: 05:00 05:30",
    ),
    Case(
        says="midnight comes twice, and the first hour with it",
        hours="Sun 00:00-01:00",
        starts="2025-11-02: 04:00 04:30 05:00 05:30",
        **HAVANA_AUTUMN,
    ),
    Case(
        says="the day before ends at the first midnight",
        hours="Sat 23:00-00:00",
        starts="2025-11-02: 03:00 03:30",
        **HAVANA_AUTUMN,
    ),
    Case(
        says="both midnights are the same day's, for the cap",
        hours="Sat 23:00-02:00",
        most_a_day=1,
        taken="2025-11-02T04:00/2025-11-02T04:30",
        starts="2025-11-02: 03:00",
        **HAVANA_AUTUMN,
        **HOURLY,
    ),
    Case(
        says="the last bookable day ends at the first midnight",
        hours="Sat 23:00-02:00",
        horizon_days=0,
        now="2025-11-01T16:00",
        starts="2025-11-02: 03:00",
        **HAVANA_AUTUMN,
        **HOURLY,
    ),
    Case(
        says="a visit spans the midnight that is not there",
        zone="America/Santiago",
        around="2026-09-06",
        hours="Sat 23:00-02:00",
        length=45,
        grid=45,  # 23:00, 23:45, (00:30), 01:15
        starts="2026-09-06: 03:00 03:45 04:15",
    ),
    Case(
        says="half past eleven comes twice",
        zone="America/Santiago",
        around="2026-04-05",
        hours="Sat 22:30-01:00",
        starts="2026-04-05: 01:30 02:30 03:30",
        **HOURLY,
    ),
    Case(says="a day that was left out", hours="Fri 09:00-12:00", starts="", **APIA),
    Case(
        says="a window that goes on into the left-out day ends with its own",
        hours="Thu 22:00-02:00",
        starts="2011-12-30: 08:00 09:00",
        **APIA,
        **HOURLY,
    ),
    Case(
        says="a window that goes on from the left-out day: what the clock showed of it",
        hours="Fri 22:00-02:00",
        starts="2011-12-30: 10:00 11:00",
        **APIA,
        **HOURLY,
    ),
    Case(
        says="Saturday follows Thursday at once, and a visit lasts from one into the other",
        hours="Thu 22:00-00:00, Sat 00:00-02:00",
        length=60,
        starts="2011-12-30: 08:00 08:30 09:00 09:30 10:00 10:30 11:00",
        **APIA,
    ),
    Case(
        says="also where only Thursday is asked about",
        hours="Thu 22:00-00:00, Sat 00:00-02:00",
        length=60,
        not_after="2011-12-30T09:59",
        starts="2011-12-30: 08:00 08:30 09:00 09:30",
        **APIA,
    ),
    Case(
        says="tomorrow is the last bookable day, and is left out",
        hours="Thu 22:00-00:00, Sat 00:00-02:00",
        grid=60,
        horizon_days=1,
        now="2011-12-29T20:00",
        starts="2011-12-30: 08:00 09:00",
        **APIA,
    ),
    Case(
        says="a closure of what the calendar calls Saturday",
        hours="Thu 22:00-00:00, Sat 00:00-02:00",
        closures="2011-12-30T10:00/2011-12-31T10:00",
        starts="2011-12-30: 08:00 09:00",
        **APIA,
        **HOURLY,
    ),
    Case(
        says="ten o'clock is a quarter past four in UTC",
        zone="Asia/Kathmandu",
        around="2026-01-04",
        hours="Sun 10:00-11:00",
        length=20,
        grid=20,
        starts="2026-01-04: 04:15 04:35 04:55",
    ),
    Case(
        says="a night, and its midnight at a quarter past six in UTC",
        hours="Sat 23:00-01:00",
        starts="2026-01-03: 17:15 17:45 18:15 18:45",
        **KATHMANDU,
    ),
    Case(
        says="the last bookable day ends at a quarter past six in UTC",
        hours="Sat 23:00-01:00",
        horizon_days=0,
        now="2026-01-03T06:00",
        starts="2026-01-03: 17:15 17:45",
        **KATHMANDU,
    ),
    Case(
        says="the year 1986 began at a quarter past midnight",
        zone="Asia/Kathmandu",
        around="1985-12-31",
        hours="Wed 00:00-01:00",
        length=15,
        grid=15,
        starts="1985-12-31: 18:30 18:45 19:00",
    ),
    Case(
        says="a minute of Sunday, then most of Saturday's last hour once more",
        zone="America/St_Johns",
        around="2010-11-07",
        hours="Sat 23:00-00:00",
        starts="2010-11-07: 01:30 02:00 03:00",
    ),
    Case(
        says="the last bookable day ends when the next one first begins",
        zone="America/St_Johns",
        around="2010-11-07",
        hours="Sat 23:00-00:00",
        horizon_days=0,
        now="2010-11-06T12:00",
        starts="2010-11-07: 01:30 02:00",
    ),
]
