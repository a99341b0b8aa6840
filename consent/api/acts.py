"""What a patient can do besides acknowledging: want to talk first, not go on, withdraw."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import consent.actions
from bookings.api.access import ROAD, on_the_road
from bookings.models import NotPossibleNow
from clinic import clock
from clinic.api.asking import Words, checked
from clinic.api.problems import refusals
from clinic.i18n import Language, active_language
from consent.circumstances import refuse_staff
from consent.models import ActKind, ConsentRecord, PatientAct


class TalkWanted(serializers.Serializer):
    """Which side effect to talk about first; it is not acknowledged by that."""

    shown = serializers.RegexField(
        r"^[-0-9A-Za-z_:.]+\Z", max_length=2000, help_text="As it came with the side effect."
    )
    question = Words(max_length=300, default="", allow_blank=True)


class Why(serializers.Serializer):
    """The reason; nobody has to say."""

    reason = Words(max_length=300, default="", allow_blank=True)


class Withdrawn(Why):
    """Of which record: the `receipt` as it came with the copy."""

    receipt = serializers.RegexField(r"^[0-9a-f]{64}\Z")


class ActShape(serializers.Serializer):
    """One act, in the words that it stands for."""

    kind = serializers.ChoiceField(ActKind.choices)
    risk = serializers.CharField(source="risk.key", allow_null=True, default=None)
    language = serializers.ChoiceField(Language.choices)
    statement = serializers.CharField()
    acted_at = serializers.DateTimeField()


ACTED: dict[Any, Any] = {201: ActShape, **refusals(400, 401, 403, 409, 413, 415)}


class Wishes(APIView):
    @extend_schema(operation_id="want_to_talk", request=TalkWanted, responses=ACTED, auth=ROAD)
    def post(self, request: Request) -> Response:
        """Wants to talk about a side effect first: the clinic sees it. Nothing is acknowledged."""
        now = clock.now()
        consultation = on_the_road(request, now=now)
        refuse_staff(request)
        asked = checked(TalkWanted, request)
        wish = consent.actions.want_to_talk(consultation=consultation, now=now, **asked)
        return _told(wish)


class Decline(APIView):
    @extend_schema(operation_id="decline", request=Why, responses=ACTED, auth=ROAD)
    def post(self, request: Request) -> Response:
        """Does not want to go on: the request is cancelled. Said twice, it is noted once."""
        now = clock.now()
        consultation = on_the_road(request, now=now)
        refuse_staff(request)
        asked = checked(Why, request)
        act = consent.actions.decline(
            consultation=consultation, language=active_language(), now=now, **asked
        )
        return _told(act)


class Withdrawal(APIView):
    @extend_schema(operation_id="withdraw", request=Withdrawn, responses=ACTED, auth=ROAD)
    def post(self, request: Request) -> Response:
        """Withdraws what was acknowledged. The visit stays booked and asks again."""
        now = clock.now()
        consultation = on_the_road(request, now=now)
        refuse_staff(request)
        asked = checked(Withdrawn, request)
        record = ConsentRecord.objects.filter(
            consultation=consultation, entry=asked.pop("receipt")
        ).first()
        if record is None:
            raise NotPossibleNow(_("This receipt is not of this visit."), field="receipt")
        act = consent.actions.withdraw(
            consultation=consultation,
            record=record.pk,
            language=active_language(),
            now=now,
            **asked,
        )
        return _told(act)


def _told(act: PatientAct) -> Response:
    return Response(ActShape(act).data, status=201)
