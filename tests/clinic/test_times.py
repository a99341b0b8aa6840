"""Facts about a moment in words: the zone is always named, in the reader's language."""

import datetime as dt
import zoneinfo

import pytest

from clinic import times

TEN = dt.datetime(2026, 11, 24, 6, 0, tzinfo=dt.UTC)  # 10:00 in Dubai
SUMMER = dt.datetime(2026, 7, 1, 6, 0, tzinfo=dt.UTC)


def test_a_time_is_said_with_its_day_and_zone():
    assert times.in_words(TEN, "Asia/Dubai", "en") == (
        "Tuesday 24 November 2026, 10:00, Dubai time (GMT+4)"
    )


def test_a_time_is_said_in_arabic_with_gulf_months_and_western_digits():
    assert times.in_words(TEN, "Asia/Dubai", "ar") == (
        "الثلاثاء 24 نوفمبر 2026، الساعة 10:00، بتوقيت دبي (غرينتش+4)"
    )


def test_the_day_is_the_day_in_that_zone():
    late = dt.datetime(2026, 11, 24, 21, 30, tzinfo=dt.UTC)
    assert times.in_words(late, "Asia/Dubai", "en").startswith("Wednesday 25 November 2026, 01:30")
    assert times.in_words(late, "Europe/London", "en").startswith("Tuesday 24 November 2026, 21:30")
    assert times.local_day(late, "Asia/Dubai") == dt.date(2026, 11, 25)


@pytest.mark.parametrize(
    ("zone", "moment", "english", "arabic"),
    [
        ("Europe/London", TEN, "London time (GMT)", "بتوقيت لندن (غرينتش)"),
        ("Europe/London", SUMMER, "London time (GMT+1)", "بتوقيت لندن (غرينتش+1)"),
        ("Asia/Kolkata", TEN, "Kolkata time (GMT+5:30)", "بتوقيت كولكاتا (غرينتش+5:30)"),
        ("America/New_York", TEN, "New York time (GMT-5)", "بتوقيت نيويورك (غرينتش-5)"),
        ("America/St_Johns", TEN, "St Johns time (GMT-3:30)", "بتوقيت St Johns (غرينتش-3:30)"),
        ("UTC", TEN, "Universal time (GMT)", "بالتوقيت العالمي (غرينتش)"),
    ],
)
def test_a_zone_is_said_as_people_say_it(zone, moment, english, arabic):
    assert times.zone_in_words(zone, moment, "en") == english
    assert times.zone_in_words(zoneinfo.ZoneInfo(zone), moment, "ar") == arabic


def test_the_hour_that_comes_twice_is_told_apart():
    first = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    again = first + dt.timedelta(hours=1)
    assert times.in_words(first, "Europe/London", "en") != times.in_words(
        again, "Europe/London", "en"
    )


def test_a_visit_is_said_from_and_to_never_with_a_dash():
    ends = TEN + dt.timedelta(minutes=20)
    assert times.between_in_words(TEN, ends, "Asia/Dubai", "en") == (
        "Tuesday 24 November 2026, from 10:00 to 10:20, Dubai time (GMT+4)"
    )
    assert times.between_in_words(TEN, ends, "Asia/Dubai", "ar") == (
        "الثلاثاء 24 نوفمبر 2026، من الساعة 10:00 إلى 10:20، بتوقيت دبي (غرينتش+4)"
    )


def test_the_isolates_of_a_text_mail_are_balanced_and_add_nothing_else():
    for language in ("en", "ar"):
        text = times.in_words(TEN, "Asia/Dubai", language, isolated=True)
        opened = text.count(times.LRI) + text.count(times.FSI)
        assert opened == text.count(times.PDI) > 1
        assert text.startswith(times.FSI)
        assert text.endswith(times.PDI)
        plain = "".join(letter for letter in text if letter not in "\u2066\u2068\u2069")
        assert plain == times.in_words(TEN, "Asia/Dubai", language)
        assert f"{times.LRI}10:00{times.PDI}" in text


def test_a_time_without_a_zone_is_shown_to_nobody():
    with pytest.raises(ValueError, match="without a zone"):
        times.in_words(dt.datetime(2026, 11, 24, 10, 0), "Asia/Dubai", "en")  # noqa: DTZ001


def test_every_month_and_weekday_has_its_name_in_both_languages():
    for language in ("en", "ar"):
        said = [times.day_in_words(dt.date(2026, month, 15), language) for month in range(1, 13)]
        week = [times.day_in_words(dt.date(2026, 6, day), language) for day in range(1, 8)]
        assert len(set(said)) == 12
        assert len({day.split()[0] for day in week}) == 7
    assert times.day_in_words(dt.date(2026, 6, 1), "ar") == "الاثنين 1 يونيو 2026"


def test_every_city_on_the_list_is_a_zone_with_two_names():
    known = zoneinfo.available_timezones()
    for zone, (english, arabic) in times.CITIES.items():
        assert zone in known
        assert english.strip()
        assert any("\u0600" <= letter <= "\u06ff" for letter in arabic)


@pytest.mark.parametrize(
    ("moment", "zone", "shown"),
    [
        ("2026-10-25T00:30", "Europe/Berlin", "02:30 (GMT+2)"),
        ("2026-10-25T01:30", "Europe/Berlin", "02:30 (GMT+1)"),
        ("2026-10-25T02:00", "Europe/Berlin", "03:00"),
        ("2026-03-29T01:00", "Europe/Berlin", "03:00"),
        ("2026-04-04T15:00", "Australia/Lord_Howe", "01:30 (GMT+10:30)"),
        ("2026-11-23T05:00", "Asia/Dubai", "09:00"),
    ],
)
def test_a_time_that_the_clock_shows_twice_is_told_apart_by_its_offset(moment, zone, shown):
    assert times.clock(dt.datetime.fromisoformat(moment + "+00:00"), zone) == shown


def test_the_zones_are_those_of_the_locked_package():
    assert zoneinfo.TZPATH == ()


def test_the_zones_to_choose_from_go_from_west_to_east():
    choices = dict(times.zone_choices(TEN, "en"))
    names = list(choices)
    assert names[0] == "America/Los_Angeles"
    assert names.index("Europe/London") < names.index("Asia/Dubai") < names.index("Asia/Tokyo")
    assert choices["Asia/Dubai"] == f"Dubai (GMT{times.LRI}+4{times.PDI})"


def test_two_zones_with_one_clock_need_saying_once():
    assert times.same_clock(TEN, "Asia/Dubai", "Asia/Muscat")
    assert not times.same_clock(TEN, "Asia/Dubai", "Europe/London")
