"""Cases of the calendar: seasons, the year's end, leap days, several windows, closures and openings.

Casablanca's clock was on +0 in Ramadan, from 2026-02-15 02:00 to 2026-03-22 02:00 (UTC); the seasons
below are the fasting days themselves, 19 February to 19 March 2026.
"""

from tests.bookings.slots.written import Case

HOURLY = {"length": 60, "grid": 60}
DUBAI = "Asia/Dubai"  # +4, ever
MONDAY = {"zone": DUBAI, "around": "2026-11-23"}
RAMADAN = ("2026-02-19", "2026-03-19", "Thu 21:00-01:00")

DAYS = [
    Case(
        says="a night of the usual hours goes on into the season's first day",
        zone="Africa/Casablanca",
        around="2026-02-19",
        hours="Wed 20:00-01:00, Thu 09:00-10:00",
        season=RAMADAN,
        starts="2026-02-18: 20:00 21:00 22:00 23:00, 2026-02-19: 00:00 21:00 22:00 23:00, "
        "2026-02-20: 00:00",
        **HOURLY,
    ),
    Case(
        says="a night of the season's last day goes on past it",
        zone="Africa/Casablanca",
        around="2026-03-20",
        hours="Thu 09:00-10:00, Fri 09:00-10:00",
        season=RAMADAN,
        starts="2026-03-19: 21:00 22:00 23:00, 2026-03-20: 00:00 09:00",
        **HOURLY,
    ),
    Case(
        says="a season of one day, on which the clock is put forward",
        zone="Europe/Berlin",
        around="2026-03-29",
        hours="Sun 09:00-10:00, Mon 00:30-01:30",
        season=("2026-03-29", "2026-03-29", "Sun 23:00-01:00"),
        starts="2026-03-29: 21:00 21:30 22:00 22:30 23:00",
    ),
    Case(
        says="a season that ends the day before the clock is put back",
        zone="Europe/Berlin",
        around="2026-10-25",
        hours="Sat 09:00-10:00, Sun 02:00-03:00",
        season=("2026-10-20", "2026-10-24", "Sat 23:30-02:30, Sun 09:00-10:00"),
        grid=60,  # 23:30, 00:30, 01:30 of the season's night; 02:00 and 02:00 again of Sunday
        starts="2026-10-24: 21:30 22:30 23:30, 2026-10-25: 00:00 01:00",
    ),
    Case(
        says="a season without hours for a weekday is closed on it",
        zone=DUBAI,
        around="2026-11-24",
        hours="Tue 09:00-10:00",
        season=("2026-11-24", "2026-11-24", "Mon 09:00-10:00"),
        starts="",
    ),
    Case(
        says="the day after a season has the usual hours",
        zone=DUBAI,
        around="2026-11-24",
        hours="Tue 09:00-10:00, Wed 09:00-10:00",
        season=("2026-11-24", "2026-11-24", "Tue 11:00-12:00"),
        starts="2026-11-24: 07:00, 2026-11-25: 05:00",
        **HOURLY,
    ),
    Case(
        says="the last night of the year",
        zone=DUBAI,
        around="2026-12-31",
        hours="Thu 22:00-02:00",
        starts="2026-12-31: 18:00 19:00 20:00 21:00",
        **HOURLY,
    ),
    Case(
        says="an evening over UTC's new year",
        zone="America/New_York",
        around="2026-12-31",
        hours="Thu 18:00-20:00",
        length=40,
        grid=40,
        starts="2026-12-31: 23:00 23:40, 2027-01-01: 00:20",
    ),
    Case(
        says="a visit over UTC's new year",
        zone="America/New_York",
        around="2026-12-31",
        hours="Thu 18:30-19:30",
        length=60,
        grid=60,
        starts="2026-12-31: 23:30",
    ),
    Case(
        says="the night before a leap day, and its morning",
        zone=DUBAI,
        around="2028-02-29",
        hours="Mon 22:00-02:00, Tue 09:00-10:00",
        starts="2028-02-28: 18:00 19:00 20:00 21:00, 2028-02-29: 05:00",
        **HOURLY,
    ),
    Case(
        says="a leap day is the last bookable one",
        zone=DUBAI,
        around="2028-02-29",
        hours="Tue 09:00-10:00, Wed 09:00-10:00",
        horizon_days=2,
        now="2028-02-27T06:00",
        starts="2028-02-29: 05:00 05:30",
    ),
    Case(
        says="a leap day is a season's last day",
        zone=DUBAI,
        around="2028-02-29",
        hours="Wed 00:30-01:30",
        season=("2028-02-01", "2028-02-29", "Tue 23:00-01:00"),
        starts="2028-02-29: 19:00 19:30 20:00 20:30 21:00",
    ),
    Case(
        says="the last night of February in another year",
        zone=DUBAI,
        around="2027-02-28",
        hours="Sun 23:00-01:00",
        starts="2027-02-28: 19:00 19:30 20:00 20:30",
    ),
    Case(
        says="several windows a day",
        hours="Mon 09:00-10:00, Mon 13:00-14:00",
        starts="2026-11-23: 05:00 05:30 09:00 09:30",
        **MONDAY,
    ),
    Case(
        says="two windows that touch hold a visit over both",
        hours="Mon 09:00-10:00, Mon 10:00-10:30",
        length=60,
        starts="2026-11-23: 05:00 05:30",
        **MONDAY,
    ),
    Case(
        says="two windows that touch at midnight, too",
        hours="Mon 23:00-00:00, Tue 00:00-01:00",
        length=60,
        starts="2026-11-23: 19:00 19:30 20:00",
        **MONDAY,
    ),
    Case(
        says="two windows that overlap keep their own grids",
        hours="Mon 09:00-10:00, Mon 09:10-10:10",
        starts="2026-11-23: 05:00 05:10 05:30 05:40",
        **MONDAY,
    ),
    Case(
        says="a grid longer than the visit leaves room between",
        hours="Mon 09:00-11:00",
        length=20,
        grid=45,
        starts="2026-11-23: 05:00 05:45 06:30",
        **MONDAY,
    ),
    Case(
        says="a grid shorter than the visit",
        hours="Mon 09:00-10:30",
        length=60,
        grid=15,
        starts="2026-11-23: 05:00 05:15 05:30",
        **MONDAY,
    ),
    Case(
        says="an opening lengthens a window, with a grid of its own",
        hours="Mon 09:00-10:00",
        openings="2026-11-23T05:50/2026-11-23T06:50",  # 09:50 to 10:50
        starts="2026-11-23: 05:00 05:30 05:50 06:20",
        **MONDAY,
    ),
    Case(
        says="a closure beats an opening and a window",
        hours="Mon 09:00-10:00",
        openings="2026-11-23T05:00/2026-11-23T07:00",
        closures="2026-11-23T05:30/2026-11-23T06:15",
        starts="2026-11-23: 05:00 06:30",
        **MONDAY,
    ),
    Case(
        says="what is free after a visit ends by a closure, too",
        hours="Mon 09:00-11:00",
        after=10,
        closures="2026-11-23T06:00/2026-11-23T06:30",  # 10:00 to 10:30
        grid=10,
        starts="2026-11-23: 05:00 05:10 05:20",
        **MONDAY,
    ),
    Case(
        says="a moment's notice is enough",
        hours="Mon 09:00-10:00",
        now="2026-11-23T04:30",
        notice=60,
        starts="2026-11-23: 05:30",
        **MONDAY,
    ),
    Case(
        says="a second less is not",
        hours="Mon 09:00-10:00",
        now="2026-11-23T04:30:01",
        notice=60,
        starts="",
        **MONDAY,
    ),
    Case(
        says="two of two visits a day, one of them elsewhere in the day",
        hours="Mon 09:00-10:00, Tue 09:00-10:00",
        most_a_day=2,
        taken="2026-11-23T05:00/2026-11-23T05:30, 2026-11-23T12:00/2026-11-23T12:30",
        starts="2026-11-24: 05:00 05:30",
        **MONDAY,
    ),
    Case(
        says="one of two visits a day",
        hours="Mon 09:00-10:00",
        most_a_day=2,
        taken="2026-11-23T05:00/2026-11-23T05:30",
        starts="2026-11-23: 05:30",
        **MONDAY,
    ),
    Case(
        says="a visit that lasts past midnight counts for the day on which it begins",
        hours="Mon 23:00-03:00",
        most_a_day=1,
        taken="2026-11-23T19:30/2026-11-23T20:30",  # 23:30 to 00:30
        starts="2026-11-23: 20:30 21:00 21:30 22:00 22:30",
        **MONDAY,
    ),
]
