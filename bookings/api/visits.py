"""My consultation: seen, moved, cancelled."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import bookings.actions
from bookings.api.access import ROAD, SlotTaken, nearest_if_taken, on_the_road
from bookings.api.shapes import MINE, TimeChosen, mine
from clinic import clock
from clinic.api.asking import Words, checked
from clinic.api.problems import refusals


class NewTime(TimeChosen):
    """Where a visit is moved to, and why."""

    reason = Words(max_length=300, required=False, allow_blank=True)


class Reason(serializers.Serializer):
    """Why; it may be left out."""

    reason = Words(max_length=300, required=False, allow_blank=True)


class MyConsultation(APIView):
    @extend_schema(operation_id="mine", responses={200: MINE, **refusals(401)}, auth=ROAD)
    def get(self, request: Request) -> Response:
        """My consultation; before the address is proven, only how far it has come."""
        return Response(mine(on_the_road(request, now=clock.now())))


class ChooseTime(APIView):
    @extend_schema(
        operation_id="choose_time",
        request=TimeChosen,
        responses={200: MINE, **refusals(400, 401, 409, 413, 415, taken=SlotTaken)},
        auth=ROAD,
    )
    def post(self, request: Request) -> Response:
        """Holds another time for a request that is not confirmed yet."""
        now = clock.now()
        consultation = on_the_road(request, now=now)
        asked = checked(TimeChosen, request)
        with nearest_if_taken(asked, treatment=consultation.treatment, own=consultation, now=now):
            held = bookings.actions.choose_time(consultation=consultation, now=now, **asked)
        return Response(mine(held))


class Move(APIView):
    @extend_schema(
        operation_id="move",
        request=NewTime,
        responses={200: MINE, **refusals(400, 401, 409, 413, 415, taken=SlotTaken)},
        auth=ROAD,
    )
    def post(self, request: Request) -> Response:
        """Moves a confirmed visit; the old time is let go only when the new one is had."""
        now = clock.now()
        consultation = on_the_road(request, now=now)
        asked = checked(NewTime, request)
        with nearest_if_taken(asked, treatment=consultation.treatment, own=consultation, now=now):
            moved = bookings.actions.move(consultation=consultation, now=now, **asked)
        return Response(mine(moved))


class Cancel(APIView):
    @extend_schema(
        operation_id="cancel",
        request=Reason,
        responses={200: MINE, **refusals(400, 401, 409, 413, 415)},
        auth=ROAD,
    )
    def post(self, request: Request) -> Response:
        """Cancels the request or the visit. Cancelled already: nothing happens."""
        now = clock.now()
        consultation = on_the_road(request, now=now)
        asked = checked(Reason, request)
        cancelled = bookings.actions.cancel(
            consultation=consultation, now=now, by_patient=True, **asked
        )
        return Response(mine(cancelled))
