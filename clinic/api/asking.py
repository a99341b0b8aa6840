"""What the API accepts: strict JSON, known fields, and times that say their offset."""

import codecs
import datetime as dt
import functools
import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.core.validators import RegexValidator
from django.http import QueryDict, UnreadablePostError
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.settings import api_settings

from clinic.api.problems import LengthRequired, TooLarge
from clinic.i18n import Language, active_language, text_in
from clinic.plain_words import BLANK, UNSEEN, typed_words

LONGEST_BODY = 64 * 1024  # bytes
DEEPEST = 5  # levels of lists and objects; ours have two
MOST = 100  # entries of one list or object; ours have at most twenty
NON_FIELD_ERRORS_KEY = api_settings.NON_FIELD_ERRORS_KEY


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 says: UTF-8, no NaN, no key twice; nothing that PostgreSQL cannot store."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        _refuse_unreadable(media_type or "", (parser_context or {}).get("request"))
        try:
            body = stream.read(LONGEST_BODY + 1)
        except UnreadablePostError:
            raise ParseError(_("The request broke off.")) from None
        if len(body) > LONGEST_BODY:
            raise TooLarge
        try:
            value = json.loads(
                codecs.decode(body, "utf-8"),
                object_pairs_hook=_object,
                parse_constant=_refuse_constant,
            )
        except (ValueError, RecursionError):
            raise ParseError(
                _("Send JSON in UTF-8, without NaN and without a key twice.")
            ) from None
        refuse_unstorable(value)
        return value


def _refuse_unreadable(media_type: str, request: Request | None) -> None:
    """What need not be read to be refused: too long a body, another charset, a compressed one."""
    _kind, parameters = parse_header_parameters(media_type)
    charset = parameters.get("charset", "utf-8")
    coding = request.headers.get("Content-Encoding", "identity") if request else "identity"
    if charset.lower() != "utf-8" or coding.lower() != "identity":
        raise UnsupportedMediaType(media_type)
    if request and int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        raise TooLarge


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def refuse_unstorable(value: Any, depth: int = 0) -> None:
    """Refuses NUL, lone surrogates, infinite numbers, deep nesting and long lists, wherever they stand."""
    if depth > DEEPEST or (isinstance(value, Mapping | list) and len(value) > MOST):
        raise ParseError(_("Lists and objects are nested too deeply, or too long."))
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ParseError(_("A text has characters that are not text."))
    elif isinstance(value, float) and not math.isfinite(value):
        raise ParseError(_("A number is too large."))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            refuse_unstorable(key, depth)
            refuse_unstorable(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            refuse_unstorable(inner, depth + 1)


def checked(serializer_class: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    """What was sent, as the arguments of an action. Raises ValidationError, also for unknown fields."""
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired
    sent = request.data
    if isinstance(sent, QueryDict):  # an empty body without a content type
        sent = {}
    serializer = _reader(serializer_class, active_language())
    if isinstance(sent, Mapping):
        mistaken = [name for name in sent if _is_mistaken(serializer.fields.get(name), sent[name])]
        if mistaken:
            raise ValidationError({name: [WRONG_TYPE] for name in mistaken})
    return _checked(serializer, sent)


WRONG_TYPE = _("Send text as a string, and a whole number as a number.")


def _is_mistaken(field: serializers.Field | None, value: object) -> bool:
    """A number sent for text, or text for a number: Django REST framework would take either."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return any(_is_mistaken(field.child, inner) for inner in value)
    if field is None or isinstance(value, bool):
        return False
    counts = isinstance(field, serializers.IntegerField)
    if isinstance(field, serializers.ChoiceField):
        counts = all(isinstance(choice, int) for choice in field.choices)
    return isinstance(value, str if counts else int | float)


def checked_query(
    serializer_class: type[serializers.Serializer], request: Request
) -> dict[str, Any]:
    """The same for what stands behind the question mark of the address."""
    for name, values in request.query_params.lists():
        refuse_unstorable([name, *values])
        if len(values) > 1:
            raise ValidationError({name: [_("This stands twice.")]})
    sent = request.query_params.dict()
    return _checked(_reader(serializer_class, active_language()), sent)


@functools.cache
def _reader(
    serializer_class: type[serializers.Serializer], language: str
) -> serializers.Serializer:
    """One serializer for all requests in a language, as lists share one for all their items. To make its
    fields anew takes longer than to use them.

    Its limits keep the first words in which they were said, so they are said here, once.
    """
    serializer = serializer_class()
    for field in serializer.fields.values():
        for validator in field.validators:
            str(getattr(validator, "message", ""))
    return serializer


def _checked(serializer: serializers.Serializer, sent: Any) -> dict[str, Any]:
    unknown = sorted(set(sent) - set(serializer.fields)) if isinstance(sent, dict) else []
    errors: dict[str, Any] = {name: [_("There is no such field.")] for name in unknown}
    try:
        read = serializer.run_validation(sent)
    except ValidationError as wrong:
        detail = wrong.detail
        found = detail if isinstance(detail, dict) else {NON_FIELD_ERRORS_KEY: detail}
        raise ValidationError({**found, **errors}) from None
    if errors:
        raise ValidationError(errors)
    return dict(read)


# --- Fields ----------------------------------------------------------------------------------


class Tick(serializers.BooleanField):
    """true or false; a tick is never guessed from "yes" or 1."""

    def to_internal_value(self, data: Any) -> bool:
        if data is not True and data is not False:
            self.fail("invalid", input=data)
        return data


class Moment(serializers.DateTimeField):
    """A time (ISO 8601) that says its offset, so that nobody has to guess whose clock it means."""

    default_error_messages = {
        "no_offset": _("Write the time with its offset, such as 2026-11-23T09:00:00+04:00.")
    }

    def enforce_timezone(self, value: dt.datetime) -> dt.datetime:
        if value.tzinfo is None:
            self.fail("no_offset")
        return super().enforce_timezone(value)


class Line(serializers.CharField):
    """One line of a person's words, such as a name; what nobody sees is left out, controls are refused."""

    controls = r"\x00-\x1f\x7f-\x9f\u2028\u2029"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # One letter is seen; where the line may be blank, the document has that as a case apart.
        unseen = UNSEEN + BLANK
        seen_letter = rf"(?:[^\S{self.controls}]|[{unseen}])*[^\s{self.controls}{unseen}]"
        first = f"[^{self.controls}]" if self.allow_blank else seen_letter
        self.validators.append(
            RegexValidator(
                rf"^{first}[^{self.controls}]*\Z",
                _("Write this as ordinary text, without line breaks or hidden characters."),
            )
        )

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(typed_words(data) if isinstance(data, str) else data)


class Words(Line):
    """A person's words in as many lines as they like, such as a question."""

    controls = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029"


@extend_schema_field(
    {
        "type": "object",
        "properties": {code: {"type": "string"} for code in Language.values},
        "required": Language.values,
    }
)
class InBothLanguages(serializers.Field):
    """A pair such as name_en and name_ar as {"en": ..., "ar": ...}."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, row: Any) -> dict[str, str]:
        assert self.field_name
        return {code: text_in(row, self.field_name, code) for code in Language.values}
