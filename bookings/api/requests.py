"""Asking for a consultation, and proving the address."""

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, extend_schema
from phonenumber_field.serializerfields import PhoneNumberField
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import bookings.actions
from bookings.api.access import ROAD, SlotTaken, nearest_if_taken, on_the_road
from bookings.api.shapes import MINE, Begun, BegunWithToken, TimeChosen, mine
from bookings.models import PartOfDay, Weekday
from bookings.road import client_ip
from clinic import clock
from clinic.api.asking import Line, Moment, Tick, checked
from clinic.api.problems import refusals
from clinic.i18n import Language
from clinic.models import Concern, Dermatologist, Treatment, known_zone


class NewConsultation(TimeChosen):
    """A request. With `starts_at` the time is held, without it the request waits.

    Leave `treatment` out when the patient is not sure; the clinic then calls, and the request waits.
    """

    treatment = serializers.SlugField(default=None, allow_null=True)
    concern = serializers.SlugField(required=False, help_text="One of the treatment's concerns.")
    starts_at = Moment(required=False)
    preferred_days = serializers.ListField(
        child=serializers.ChoiceField(Weekday.choices),
        required=False,
        max_length=7,
        help_text="0 is Monday.",
    )
    preferred_part = serializers.ChoiceField(PartOfDay.choices, required=False)
    preferred_dermatologist = serializers.SlugRelatedField(
        slug_field="slug", queryset=Dermatologist.objects.seeing_patients(), required=False
    )
    patient_name = Line(max_length=120)
    guardian_name = Line(
        max_length=120,
        default="",
        allow_blank=True,
        help_text="Who acts for a patient under 18.",
    )
    email = serializers.EmailField(max_length=254)
    mobile = PhoneNumberField(
        help_text="With its country code; without, one of the clinic's country."
    )
    birth_date = serializers.DateField()
    language = serializers.ChoiceField(
        Language.choices, help_text="Of the e-mails, and of the side effects unless said otherwise."
    )
    zone = serializers.CharField(
        validators=[known_zone], default="Asia/Dubai", help_text="IANA, such as Asia/Dubai."
    )
    names_treatment = Tick(default=False, help_text="E-mails may name the treatment.")

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "starts_at" not in asked and {"dermatologist", "speaks", "ends_at"} & asked.keys():
            raise serializers.ValidationError({"starts_at": [_("Say when the time starts.")]})
        treatment, concern = self._about(asked["treatment"], asked.get("concern"))
        return asked | {"treatment": treatment, "concern": concern}

    def _about(
        self, treatment: str | None, concern: str | None
    ) -> tuple[Treatment | None, Concern | None]:
        """Both of them in one query, where both are right."""
        if concern is not None:
            offered = Concern.objects.filter(treatment__is_offered=True, slug=concern)
            rows = offered.filter(treatment__slug=treatment).select_related("treatment")
            if about := next(iter(rows.order_by()), None):
                return about.treatment, about
        row = None
        if treatment is not None:
            row = Treatment.objects.offered().filter(slug=treatment).first()
        if treatment is not None and row is None:
            error = {"treatment": [_("Choose one of the answers in the list.")]}
            raise serializers.ValidationError(error)
        if concern is not None:
            error = {"concern": [_("Choose a reason that fits the treatment.")]}
            raise serializers.ValidationError(error)
        return row, None


class WhatGoesTogether(OpenApiSerializerExtension):
    """Says in the document which fields need each other (JSON Schema's dependentRequired)."""

    target_class = NewConsultation

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        schema["dependentRequired"] = {
            "dermatologist": ["starts_at"],
            "speaks": ["starts_at"],
            "ends_at": ["starts_at"],
            "concern": ["treatment"],
        }
        return schema


class Code(serializers.Serializer):
    """The six digits from the newest e-mail."""

    code = serializers.CharField(
        max_length=6, validators=[RegexValidator(r"^[0-9]{6}\Z", _("A code has 6 digits."))]
    )


class Consultations(APIView):
    @extend_schema(
        operation_id="request",
        request=NewConsultation,
        responses={201: BegunWithToken, **refusals(400, 409, 413, 415, 429, taken=SlotTaken)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Asks for a free consultation; a code goes to the e-mail address."""
        asked = checked(NewConsultation, request)
        now = clock.now()
        with nearest_if_taken(asked, treatment=asked["treatment"], now=now):
            consultation = bookings.actions.request(now=now, ip=client_ip(request), **asked)
        return Response(BegunWithToken(consultation).data, status=201)


class Prove(APIView):
    @extend_schema(
        operation_id="prove",
        request=Code,
        responses={200: MINE, **refusals(400, 401, 409, 413, 415, 429)},
        auth=ROAD,
    )
    def post(self, request: Request) -> Response:
        """Proves the e-mail address with the code that was sent to it: 10 minutes, 5 tries."""
        now = clock.now()
        consultation = on_the_road(request, now=now)
        asked = checked(Code, request)
        proven = bookings.actions.prove_by_code(consultation=consultation, now=now, **asked)
        return Response(mine(proven))


class Nothing(serializers.Serializer):
    """No fields."""


class SendCode(APIView):
    @extend_schema(
        operation_id="send_code",
        request=None,
        responses={202: Begun, **refusals(400, 401, 409, 413, 415, 429)},
        auth=ROAD,
    )
    def post(self, request: Request) -> Response:
        """Sends a new code; the older one ends."""
        now = clock.now()
        consultation = on_the_road(request, now=now)
        checked(Nothing, request)
        sent = bookings.actions.send_code(consultation=consultation, now=now)
        return Response(Begun(sent).data, status=202)
