"""The side effects of a patient's treatment: read, acknowledged by one act each, sealed, kept."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import consent.actions
from bookings.api.access import ROAD, SlotTaken, nearest_if_taken, on_the_road
from bookings.api.shapes import Mine, mine
from bookings.models import Consultation, NotPossibleNow
from clinic import clock
from clinic.api.asking import Line, Tick, Words, checked, checked_query
from clinic.api.problems import refusals
from clinic.i18n import Language, text_in
from consent.actions import Progress
from consent.circumstances import circumstances_of, refuse_staff
from consent.copies import copy_of
from consent.forms import LANGUAGE_LETTERS
from consent.models import Acknowledgement, ReadBy, Reading, Risk

PURPOSE = _(
    "This records that risk information was read. It is not consent to a procedure, which the "
    "dermatologist talks about and takes in person."
)


class ReadingWanted(serializers.Serializer):
    """In which language; the consultation's own where nothing is said."""

    language = serializers.ChoiceField(Language.choices, required=False)


class ReadingBegun(serializers.Serializer):
    """Who reads: the patient (or the guardian) alone, or an interpreter who reads it out."""

    language = serializers.ChoiceField(Language.choices, required=False)
    read_by = serializers.ChoiceField([ReadBy.SELF.value, ReadBy.INTERPRETER.value])
    interpreter_name = Line(
        max_length=120, default="", allow_blank=True, help_text="Only of an interpreter."
    )
    interpreter_language = Line(
        max_length=LANGUAGE_LETTERS,
        default="",
        allow_blank=True,
        help_text="The language that they speak with each other.",
    )


class RiskShape(serializers.Serializer):
    """One side effect, in exactly the words that are acknowledged."""

    key = serializers.SlugField()
    position = serializers.IntegerField()
    name = serializers.CharField()
    what_it_is = serializers.CharField()
    how_often = serializers.CharField(help_text="Empty where no source says so.")
    how_long = serializers.CharField()
    what_helps = serializers.CharField()
    when_to_call = serializers.CharField()
    statement = serializers.CharField(help_text="What the patient says by acknowledging.")
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    shown = serializers.CharField(help_text="Sent back with the acknowledgement; signed by us.")


class ReadingShape(serializers.Serializer):
    """One going-through of the list in one language; another language begins a new one."""

    reading = serializers.IntegerField()
    language = serializers.ChoiceField(Language.choices)
    read_by = serializers.ChoiceField(ReadBy.choices, help_text="Who reads or reads it out.")
    list_version = serializers.IntegerField()
    purpose = serializers.CharField(help_text="What the record is, and what it is not.")
    declaration = serializers.CharField(help_text="What the patient says by booking.")
    is_complete = serializers.BooleanField(help_text="Whether each one is acknowledged.")
    risks = RiskShape(many=True)


class RiskAcknowledged(serializers.Serializer):
    """One side effect, acknowledged by its own act."""

    shown = serializers.RegexField(
        r"^[-0-9A-Za-z_:.]+\Z", max_length=2000, help_text="As it came with the side effect."
    )
    understood = Tick(help_text="“I understand that this can happen.”")
    wants_to_talk = Tick(default=False, help_text="“I want to talk about this.”")
    question = Words(max_length=300, default="", allow_blank=True)


class AcknowledgementShape(serializers.Serializer):
    """What was acknowledged, and when."""

    reading = serializers.IntegerField(source="reading_id")
    risk = serializers.CharField(source="risk.key")
    language = serializers.ChoiceField(Language.choices)
    words = serializers.CharField()
    statement = serializers.CharField()
    words_hash = serializers.CharField(help_text="SHA-256 of words and statement.")
    shown_at = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField()
    wants_to_talk = serializers.BooleanField()


class AcknowledgementWithQuestion(AcknowledgementShape):
    """The same, with the patient's own question."""

    question = serializers.SerializerMethodField()

    @extend_schema_field(str)
    def get_question(self, act: Acknowledgement) -> str:
        return self.context["questions"][act.risk_id]


class AllAcknowledged(serializers.Serializer):
    """The last act: what the declaration says."""

    reading = serializers.IntegerField(help_text="As it came with the side effects.")


class CopyShape(serializers.Serializer):
    """The sealed record, as its patient may keep it."""

    receipt = serializers.CharField(help_text="SHA-256 of the record.")
    sealed_at = serializers.DateTimeField()
    language = serializers.ChoiceField(Language.choices)
    list_version = serializers.IntegerField()
    purpose = serializers.CharField()
    declaration = serializers.CharField()
    acknowledgements = AcknowledgementWithQuestion(many=True)


class Risks(APIView):
    @extend_schema(
        operation_id="risks",
        parameters=[ReadingWanted],
        responses={200: ReadingShape, **refusals(400, 401, 409)},
        auth=ROAD,
    )
    def get(self, request: Request) -> Response:
        """The side effects to acknowledge, and how far it has come."""
        now = clock.now()
        consultation = on_the_road(request, now=now)
        wanted = checked_query(ReadingWanted, request)
        again = consent.actions.is_asked_again(consultation)
        reading = consent.actions.open_reading(
            consultation=consultation,
            language=wanted.get("language", consultation.language),
            now=now,
            **circumstances_of(request),
        )
        return Response(_reading(reading, again=again, now=now))

    @extend_schema(
        operation_id="begin_reading",
        request=ReadingBegun,
        responses={200: ReadingShape, **refusals(400, 401, 403, 409, 413, 415)},
        auth=ROAD,
    )
    def post(self, request: Request) -> Response:
        """Says who reads. Somebody else than before begins anew: nothing is carried over."""
        now = clock.now()
        consultation = on_the_road(request, now=now)
        refuse_staff(request)
        asked = checked(ReadingBegun, request)
        again = consent.actions.is_asked_again(consultation)
        reading = consent.actions.open_reading(
            consultation=consultation,
            now=now,
            **circumstances_of(request),
            **{"language": consultation.language, **asked},
        )
        return Response(_reading(reading, again=again, now=now))


class Acknowledge(APIView):
    @extend_schema(
        operation_id="acknowledge",
        request=RiskAcknowledged,
        responses={201: AcknowledgementShape, **refusals(400, 401, 403, 409, 413, 415)},
        auth=ROAD,
    )
    def post(self, request: Request) -> Response:
        """Acknowledges one side effect. The same act repeated stores nothing new.

        Another answer to it begins a new reading that keeps the other acts: get the list again.
        """
        now = clock.now()
        consultation = on_the_road(request, now=now)
        refuse_staff(request)
        asked = checked(RiskAcknowledged, request)
        act = consent.actions.acknowledge(consultation=consultation, now=now, **asked)
        return Response(AcknowledgementShape(act).data, status=201)

    @extend_schema(
        operation_id="acknowledged",
        responses={200: CopyShape, **refusals(401, 409)},
        auth=ROAD,
    )
    def get(self, request: Request) -> Response:
        """A copy of what was acknowledged, once the visit is booked."""
        return Response(_copy(on_the_road(request, now=clock.now())))


class Book(APIView):
    @extend_schema(
        operation_id="book",
        request=AllAcknowledged,
        responses={200: Mine, **refusals(400, 401, 403, 409, 413, 415, taken=SlotTaken)},
        auth=ROAD,
    )
    def post(self, request: Request) -> Response:
        """Says the declaration and books the visit. Pressed twice, it is booked once.

        A visit that is booked and asks again (`asks_again_since`) rests on the new record from now on.
        """
        now = clock.now()
        consultation = on_the_road(request, now=now)
        refuse_staff(request)
        asked = checked(AllAcknowledged, request)
        if consent.actions.is_asked_again(consultation):
            consent.actions.seal_again(consultation=consultation, now=now, **asked)
            consultation.refresh_from_db()
            return Response(mine(consultation))
        its_time: dict[str, Any] = {"dermatologist": consultation.dermatologist}
        if consultation.starts_at is not None:
            its_time["starts_at"] = consultation.starts_at
        with nearest_if_taken(
            its_time, treatment=consultation.treatment, own=consultation, now=now
        ):
            consent.actions.seal(consultation=consultation, now=now, **asked)
        consultation.refresh_from_db()
        return Response(mine(consultation))


def _reading(reading: Reading, *, again: bool, now: dt.datetime) -> dict[str, Any]:
    progress = consent.actions.progress_of(reading=reading)
    return ReadingShape(
        {
            "reading": reading.pk,
            "language": reading.language,
            "read_by": reading.read_by,
            "list_version": reading.risk_list.version,
            "purpose": PURPOSE,
            "declaration": consent.actions.declaration_for(
                count=len(progress.risks),
                language=reading.language,
                read_by=reading.read_by,
                again=again,
            ),
            "is_complete": progress.is_complete,
            "risks": [_risk(progress, risk, now=now) for risk in progress.risks],
        }
    ).data


def _risk(progress: Progress, risk: Risk, *, now: dt.datetime) -> dict[str, Any]:
    reading, act = progress.reading, progress.acts.get(risk.pk)
    words = {part: text_in(risk, part, reading.language) for part in Risk.PARTS}
    return {
        **words,
        "key": risk.key,
        "position": risk.position,
        "statement": text_in(reading.risk_list, "statement", reading.language),
        "acknowledged_at": act.acknowledged_at if act else None,
        "shown": consent.actions.shown(reading=reading, risk=risk, now=now),
    }


def _copy(consultation: Consultation) -> dict[str, Any]:
    copy = copy_of(consultation)
    if copy is None or not consultation.is_proven:
        raise NotPossibleNow(_("There is nothing to copy yet: the visit is not booked."))
    reading = copy.record.reading
    return CopyShape(
        {
            "receipt": copy.record.record_hash,
            "sealed_at": copy.record.sealed_at,
            "language": reading.language,
            "list_version": reading.risk_list.version,
            "purpose": PURPOSE,
            "declaration": copy.record.declaration,
            "acknowledgements": [answer.act for answer in copy.answers],
        },
        context={"questions": {answer.act.risk_id: answer.question for answer in copy.answers}},
    ).data
