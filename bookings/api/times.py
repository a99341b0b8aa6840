"""Which times are free."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import bookings.actions
from bookings.api.shapes import FreeTimes
from clinic import clock
from clinic.api.asking import Moment, checked_query
from clinic.api.problems import refusals
from clinic.i18n import Language
from clinic.models import Clinic, Dermatologist, Treatment


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
        """The free times, earliest first, no further ahead than can be booked."""
        wanted = checked_query(TimesWanted, request)
        now = clock.now()
        times = bookings.actions.free_times(now=now, **wanted)
        clinic = Clinic.objects.the_clinic()
        who = {time.dermatologist.pk: time.dermatologist for time in times}
        shown = FreeTimes(
            {
                "zone": clinic.zone if clinic else "UTC",
                "dermatologists": [who[pk] for pk in sorted(who)],
                "times": times,
            }
        )
        return Response(shown.data)
