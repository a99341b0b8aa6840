"""Times as evidence shows them: by the clinic's clock, to the second, with UTC under the pointer."""

import datetime as dt

from django import template
from django.utils import timezone
from django.utils.html import format_html

from clinic import times
from clinic.i18n import active_language

register = template.Library()


@register.simple_tag
def exactly(at: dt.datetime) -> str:
    """`{% exactly record.sealed_at %}`: "22 November 2026 10:00:07" in the zone of the page.

    The element's title is the same moment in UTC, to the microsecond.
    """
    zone, universal = timezone.get_current_timezone(), at.astimezone(dt.UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{} <bdi dir="ltr">{}</bdi></time>',
        universal.isoformat(),
        f"{universal:%Y-%m-%d %H:%M:%S.%f}",
        times.date_in_words(times.local_day(at, zone), active_language()),
        f"{at.astimezone(zone):%H:%M:%S}",
    )
