"""A moment in words: the day, the clock and the zone, in the patient's language."""

import datetime as dt
import functools
import zoneinfo

# Unicode isolates (UAX #9): what stands between them cannot turn round the text beside it.
LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"
_NO_ISOLATES = dict.fromkeys(map(ord, (LRI, FSI, PDI)))

# Night, by the patient's clock.
QUIET_FROM, QUIET_UNTIL = dt.time(21), dt.time(8)

# Written out, not taken from the system's locale: the Gulf says نوفمبر, other places تشرين الثاني.
WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ar": ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
}
MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "ar": (
        *("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو"),
        *("يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
    ),
}

# The zones that patients of a Gulf clinic mostly live in; any other one is called by its IANA city.
CITIES = {
    "Asia/Dubai": ("Dubai", "دبي"),
    "Asia/Riyadh": ("Riyadh", "الرياض"),
    "Asia/Kuwait": ("Kuwait", "الكويت"),
    "Asia/Bahrain": ("Bahrain", "البحرين"),
    "Asia/Qatar": ("Doha", "الدوحة"),
    "Asia/Muscat": ("Muscat", "مسقط"),
    "Asia/Amman": ("Amman", "عمّان"),
    "Asia/Beirut": ("Beirut", "بيروت"),
    "Asia/Damascus": ("Damascus", "دمشق"),
    "Asia/Baghdad": ("Baghdad", "بغداد"),
    "Asia/Aden": ("Aden", "عدن"),
    "Asia/Hebron": ("Hebron", "الخليل"),
    "Asia/Gaza": ("Gaza", "غزة"),
    "Africa/Cairo": ("Cairo", "القاهرة"),
    "Africa/Khartoum": ("Khartoum", "الخرطوم"),
    "Africa/Tripoli": ("Tripoli", "طرابلس"),
    "Africa/Tunis": ("Tunis", "تونس"),
    "Africa/Algiers": ("Algiers", "الجزائر"),
    "Africa/Casablanca": ("Casablanca", "الدار البيضاء"),
    "Africa/Nairobi": ("Nairobi", "نيروبي"),
    "Africa/Lagos": ("Lagos", "لاغوس"),
    "Africa/Johannesburg": ("Johannesburg", "جوهانسبرغ"),
    "Asia/Tehran": ("Tehran", "طهران"),
    "Asia/Karachi": ("Karachi", "كراتشي"),
    "Asia/Kabul": ("Kabul", "كابول"),
    "Asia/Kolkata": ("Kolkata", "كولكاتا"),
    "Asia/Colombo": ("Colombo", "كولومبو"),
    "Asia/Dhaka": ("Dhaka", "دكا"),
    "Asia/Kathmandu": ("Kathmandu", "كاتماندو"),
    "Asia/Manila": ("Manila", "مانيلا"),
    "Asia/Singapore": ("Singapore", "سنغافورة"),
    "Asia/Hong_Kong": ("Hong Kong", "هونغ كونغ"),
    "Asia/Shanghai": ("Shanghai", "شنغهاي"),
    "Asia/Tokyo": ("Tokyo", "طوكيو"),
    "Australia/Sydney": ("Sydney", "سيدني"),
    "Europe/Istanbul": ("Istanbul", "إسطنبول"),
    "Europe/Moscow": ("Moscow", "موسكو"),
    "Europe/Athens": ("Athens", "أثينا"),
    "Europe/Berlin": ("Berlin", "برلين"),
    "Europe/Paris": ("Paris", "باريس"),
    "Europe/Madrid": ("Madrid", "مدريد"),
    "Europe/Rome": ("Rome", "روما"),
    "Europe/London": ("London", "لندن"),
    "America/New_York": ("New York", "نيويورك"),
    "America/Toronto": ("Toronto", "تورونتو"),
    "America/Chicago": ("Chicago", "شيكاغو"),
    "America/Los_Angeles": ("Los Angeles", "لوس أنجلوس"),
    "America/Sao_Paulo": ("São Paulo", "ساو باولو"),
}
UNIVERSAL = {"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"}

Zone = str | dt.tzinfo


def in_words(moment: dt.datetime, zone: Zone, language: str, *, isolated: bool = False) -> str:
    """The whole moment: "Tuesday 24 November 2026, 10:00, Dubai time (GMT+4)".

    `isolated` puts Unicode isolates around it and its numbers, for text e-mails in Arabic, where
    they would otherwise change places with what stands beside them.
    """
    words = _marked_words(_local(moment, zone), None, zone, language)
    return f"{FSI}{words}{PDI}" if isolated else words.translate(_NO_ISOLATES)


def between_in_words(
    starts: dt.datetime, ends: dt.datetime, zone: Zone, language: str, *, isolated: bool = False
) -> str:
    """A visit's whole time in words, never with a dash: `10:00-10:20` turns round in Arabic.

    Where the clock changes meanwhile each end says its offset: "from 01:40 (GMT-4) to 01:00 (GMT-5)".
    """
    words = _marked_words(_local(starts, zone), _local(ends, zone), zone, language)
    return f"{FSI}{words}{PDI}" if isolated else words.translate(_NO_ISOLATES)


def day_in_words(day: dt.date, language: str) -> str:
    """A day: "Tuesday 24 November 2026". A datetime is taken as it is, in its own zone."""
    return f"{WEEKDAYS[language][day.weekday()]} {date_in_words(day, language)}"


def date_in_words(day: dt.date, language: str) -> str:
    """A day without its weekday: "24 November 2026"."""
    return f"{day.day} {MONTHS[language][day.month - 1]} {day.year}"


def local_day(moment: dt.datetime, zone: Zone) -> dt.date:
    """The day it is in a zone at that moment."""
    return _local(moment, zone).date()


def is_quiet(moment: dt.datetime, zone: Zone) -> bool:
    """Whether it is night where the patient is: from 21:00 until 8:00, nothing is asked of them."""
    local = _local(moment, zone).time()
    return local >= QUIET_FROM or local < QUIET_UNTIL


def quiet_until(moment: dt.datetime, zone: Zone) -> dt.datetime:
    """When the night ends in which this moment lies, in UTC; the moment itself by day."""
    if not is_quiet(moment, zone):
        return moment
    local = _local(moment, zone)
    morning = local.date() + dt.timedelta(days=local.time() >= QUIET_FROM)
    return _moment(dt.datetime.combine(morning, QUIET_UNTIL), local)


def morning(moment: dt.datetime, zone: Zone) -> dt.datetime:
    """When the night ended, or will end, on the day of that moment by the zone's clock, in UTC."""
    local = _local(moment, zone)
    return _moment(dt.datetime.combine(local.date(), QUIET_UNTIL), local)


def days_later(moment: dt.datetime, zone: Zone, days: int) -> dt.datetime:
    """The same time by the zone's clock so many days later (or earlier), in UTC.

    A time that the clock skips then is read by the clock as it was before; of two, the first counts.
    """
    if not days:  # else the second of two equal times would become the first
        return moment
    local = _local(moment, zone)
    return _moment(local.replace(tzinfo=None) + dt.timedelta(days=days), local)


def _moment(wall: dt.datetime, like: dt.datetime) -> dt.datetime:
    return wall.replace(tzinfo=like.tzinfo).astimezone(dt.UTC)


def clock(moment: dt.datetime, zone: Zone) -> str:
    """The clock in a zone, 24 hours and Western digits in both languages: "14:05".

    A time that the clock shows twice on that day is told apart by its offset: "02:30 (GMT+1)".
    """
    local = _local(moment, zone)
    shown = f"{local:%H:%M}"
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{shown} ({_offset(local, 'en').translate(_NO_ISOLATES)})" if twice else shown


def zone_in_words(zone: Zone, moment: dt.datetime, language: str, *, isolated: bool = False) -> str:
    """The zone as a person says it, with its distance from GMT at that moment."""
    words = _marked_zone(_local(moment, zone), zone, language)
    return f"{FSI}{words}{PDI}" if isolated else words.translate(_NO_ISOLATES)


def zone_choices(moment: dt.datetime, language: str) -> list[tuple[str, str]]:
    """The zones to choose from, west to east: ("Asia/Dubai", "Dubai (GMT+4)").

    The labels are for a select's options, where no <bdi> can stand: the number is isolated.
    """
    rows = []
    for name in CITIES:
        local = _local(moment, name)
        label = f"{city_of(name, language)} ({_offset(local, language)})"
        rows.append((local.utcoffset(), label, name))
    return [(name, label) for _, label, name in sorted(rows)]


def same_clock(moment: dt.datetime, zone: Zone, other: Zone) -> bool:
    """Whether two zones show the same time at that moment, so that one of them is enough."""
    return _local(moment, zone).utcoffset() == _local(moment, other).utcoffset()


def city_of(zone: Zone, language: str) -> str:
    """The city that a zone is called by; one that we have no Arabic for keeps its own name."""
    name = _name_of(zone)
    if name in CITIES:
        return CITIES[name][language == "ar"]
    return name.rsplit("/", 1)[-1].replace("_", " ")


def _marked_words(starts: dt.datetime, ends: dt.datetime | None, zone: Zone, language: str) -> str:
    changes = ends is not None and ends.utcoffset() != starts.utcoffset()
    day = day_in_words(starts, language)
    zone_words = _marked_zone(starts, zone, language, with_offset=not changes)
    first, last = (
        f"{LRI}{end:%H:%M}{PDI}" + (f" ({_offset(end, language)})" if changes else "")
        for end in (starts, ends or starts)
    )
    if language == "ar":
        hours = f"من الساعة {first} إلى {last}" if ends else f"الساعة {first}"
        return f"{day}، {hours}، {zone_words}"
    hours = f"from {first} to {last}" if ends else first
    return f"{day}, {hours}, {zone_words}"


def _marked_zone(local: dt.datetime, zone: Zone, language: str, *, with_offset: bool = True) -> str:
    offset = f" ({_offset(local, language)})" if with_offset else ""
    if _name_of(zone) in UNIVERSAL:
        return f"بالتوقيت العالمي{offset}" if language == "ar" else f"Universal time{offset}"
    city = f"{FSI}{city_of(zone, language)}{PDI}"
    return f"بتوقيت {city}{offset}" if language == "ar" else f"{city} time{offset}"


def _offset(local: dt.datetime, language: str) -> str:
    minutes = round((local.utcoffset() or dt.timedelta()).total_seconds() / 60)
    name = "غرينتش" if language == "ar" else "GMT"
    if not minutes:
        return name
    hours, rest = divmod(abs(minutes), 60)
    number = f"{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")
    return f"{name}{LRI}{number}{PDI}"


def _local(moment: dt.datetime, zone: Zone) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError("A time without a zone cannot be shown to anybody.")
    return moment.astimezone(_zone(zone) if isinstance(zone, str) else zone)


@functools.cache
def _zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone of that name; Python's own cache keeps only 8, and a page's list has 50."""
    return zoneinfo.ZoneInfo(name)


def _name_of(zone: Zone) -> str:
    return zone if isinstance(zone, str) else str(zone)
