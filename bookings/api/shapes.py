"""What the API tells of times and of a consultation."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from bookings import links
from bookings.actions import FreeTime
from bookings.links import Purpose
from bookings.models import VISITED, Consultation, PartOfDay, Status, Weekday
from clinic.api.asking import InBothLanguages, Moment
from clinic.i18n import Language
from clinic.models import Dermatologist


class DermatologistShape(serializers.Serializer):
    """A dermatologist, by the short name that times use."""

    slug = serializers.SlugField()
    name = InBothLanguages()
    title = InBothLanguages()
    languages = serializers.ListField(child=serializers.ChoiceField(Language.choices))


class OfferedTime(serializers.Serializer):
    """A time that can be booked, in UTC."""

    dermatologist = serializers.SlugField(source="dermatologist.slug")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


def offered(times: Iterable[FreeTime]) -> list[dict[str, str]]:
    """Free times as OfferedTime describes them, written by hand: there are thousands in an answer."""
    said: dict[dt.datetime, str] = {}  # several dermatologists have the same moments

    def say(moment: dt.datetime) -> str:
        words = said.get(moment)
        if words is None:
            words = said[moment] = in_utc(moment)
        return words

    return [
        {"dermatologist": who.slug, "starts_at": say(starts_at), "ends_at": say(ends_at)}
        for who, starts_at, ends_at in times
    ]


def in_utc(moment: dt.datetime) -> str:
    """A moment that is in UTC already, as RFC 3339 writes it."""
    return moment.isoformat().removesuffix("+00:00") + "Z"


class TimeChosen(serializers.Serializer):
    """A time from the list of free times; with any dermatologist where none is named."""

    dermatologist = serializers.SlugRelatedField(
        slug_field="slug", queryset=Dermatologist.objects.seeing_patients(), required=False
    )
    speaks = serializers.ChoiceField(
        Language.choices,
        required=False,
        help_text="With any dermatologist: one who speaks this language.",
    )
    starts_at = Moment()
    ends_at = Moment(
        required=False, help_text="As it was shown: refused if a visit takes another time by now."
    )


class FreeTimes(serializers.Serializer):
    """The free times, earliest first, and who is behind their short names."""

    zone = serializers.CharField(help_text="The clinic's time zone; the times are in UTC.")
    dermatologists = DermatologistShape(many=True)
    times = OfferedTime(many=True)
    next = serializers.URLField(
        allow_null=True, help_text="Where the times are that start later; null: these are all."
    )


@extend_schema_field({"type": "boolean", "const": False})
class NotYet(serializers.BooleanField):
    """Says no, and tells `Begun` and `Mine` apart in the document."""


@extend_schema_field({"type": "boolean", "const": True})
class Already(serializers.BooleanField):
    """Says yes."""


class Begun(serializers.Serializer):
    """All that is told of a request before its address is proven."""

    reference = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    hold_expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until when a held time is kept."
    )
    is_proven: serializers.BooleanField = NotYet(help_text="Whether the address is proven.")


class BegunWithToken(Begun):
    """A new request, with the token for all that follows; it is not told again."""

    token = serializers.SerializerMethodField(
        help_text="Send it as “Authorization: Bearer”; keep it like a password."
    )

    def get_token(self, consultation: Consultation) -> str:
        return links.token(consultation, Purpose.ROAD)


class Mine(Begun):
    """A consultation as its patient may see it, once the address is proven."""

    is_proven = Already(help_text="Whether the address is proven.")
    treatment = serializers.SlugField(source="treatment.slug", allow_null=True)
    concern = serializers.SlugField(source="concern.slug", allow_null=True)
    dermatologist = DermatologistShape(allow_null=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    video_room = serializers.SerializerMethodField(help_text="Empty unless the visit is confirmed.")
    preferred_days = serializers.ListField(child=serializers.ChoiceField(Weekday.choices))
    preferred_part = serializers.ChoiceField(PartOfDay.choices)
    preferred_dermatologist = serializers.SlugField(
        source="preferred_dermatologist.slug", allow_null=True
    )
    patient_name = serializers.CharField()
    guardian_name = serializers.CharField()
    email = serializers.EmailField()
    mobile = serializers.CharField(source="mobile.as_e164")
    birth_date = serializers.DateField()
    language = serializers.ChoiceField(Language.choices)
    zone = serializers.CharField()
    names_treatment = serializers.BooleanField()
    risks_total = serializers.IntegerField()
    risks_acknowledged = serializers.IntegerField()
    wants_to_talk = serializers.BooleanField()
    asks_again_since = serializers.DateTimeField(
        allow_null=True,
        help_text="Since when the visit asks to acknowledge the side effects again.",
    )
    receipt = serializers.CharField(help_text="SHA-256 of the sealed record; empty before.")
    confirmed_at = serializers.DateTimeField(allow_null=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field({"type": "string", "anyOf": [{"format": "uri"}, {"const": ""}]})
    def get_video_room(self, consultation: Consultation) -> str:
        return consultation.video_room if consultation.status in VISITED else ""


def mine(consultation: Consultation) -> dict[str, Any]:
    """What may be told of a consultation now: nearly nothing before its address is proven."""
    shape = Mine if consultation.is_proven else Begun
    return shape(consultation).data


MINE = PolymorphicProxySerializer(
    component_name="MyConsultation", serializers=[Begun, Mine], resource_type_field_name=None
)
