"""Which times are free."""

import datetime as dt
from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import bookings.actions
from bookings.actions import FreeTime
from bookings.api.shapes import DermatologistShape, FreeTimes, in_utc, offered
from clinic import clock
from clinic.api.asking import Moment, checked_query
from clinic.api.problems import refusals
from clinic.i18n import Language
from clinic.models import Clinic, Dermatologist, Treatment

MOST_TIMES = 1000  # in one answer


class TimesWanted(serializers.Serializer):
    """Which free times are wanted; all of them, as far ahead as can be booked, where nothing is said."""

    treatment = serializers.SlugRelatedField(
        slug_field="slug", queryset=Treatment.objects.offered(), required=False, default=None
    )
    dermatologist = serializers.SlugRelatedField(
        slug_field="slug", queryset=Dermatologist.objects.seeing_patients(), required=False
    )
    language = serializers.ChoiceField(
        Language.choices, required=False, help_text="One that the dermatologist speaks."
    )
    limit = serializers.IntegerField(
        min_value=1,
        max_value=MOST_TIMES,
        default=500,
        help_text="How many times one answer has; more only where so many start at one moment.",
    )

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's, so it cannot be an attribute here."""
        return super().get_fields() | {
            "from": Moment(source="not_before", required=False),
            "to": Moment(source="not_after", required=False),
        }

    def validate(self, wanted: dict[str, Any]) -> dict[str, Any]:
        latest = wanted.get("not_after", dt.datetime.max.replace(tzinfo=dt.UTC))
        if wanted.get("not_before", latest) > latest:
            raise serializers.ValidationError({"to": [_("This is before “from”.")]})
        return wanted


class Times(APIView):
    @extend_schema(
        operation_id="times",
        parameters=[TimesWanted],
        responses={200: FreeTimes, **refusals(400)},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """The free times, earliest first, no further ahead than can be booked.

        Where there are more, `next` is the address of those that start later.
        """
        wanted = checked_query(TimesWanted, request)
        limit = wanted.pop("limit")
        clinic = Clinic.objects.the_clinic()
        times = bookings.actions.free_times(now=clock.now(), clinic=clinic, **wanted)
        shown, left_out = first_page(times, limit=limit)
        who = {time.dermatologist.pk: time.dermatologist for time in shown}
        answer = {
            "zone": clinic.zone if clinic else "UTC",
            "dermatologists": DermatologistShape([who[pk] for pk in sorted(who)], many=True).data,
            "times": offered(shown),
            "next": _address_from(request, left_out[0].starts_at) if left_out else None,
        }
        return Response(answer)


def first_page(times: list[FreeTime], *, limit: int) -> tuple[list[FreeTime], list[FreeTime]]:
    """The first `limit` times or fewer, and the rest: times with one start stay together, so that
    whoever asks for what starts later loses none. More than `limit` only where one start has more.
    """
    if len(times) <= limit:
        return times, []
    broken = times[limit].starts_at
    cut = bisect_left(times, broken, key=_start) or bisect_right(times, broken, key=_start)
    return times[:cut], times[cut:]


_start = attrgetter("starts_at")


def _address_from(request: Request, moment: dt.datetime) -> str:
    """The same question, from a later moment on."""
    query = request.query_params.copy()
    query["from"] = in_utc(moment)
    return f"{settings.SITE_URL}{request.path}?{query.urlencode()}"
