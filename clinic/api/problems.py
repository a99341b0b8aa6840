"""Every error of the API as a problem document (RFC 9457, application/problem+json)."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiResponse
from rest_framework import exceptions, serializers

from clinic.errors import DATABASE_AWAY, TRY_AGAIN_AFTER, Refused

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"

# The kinds of problems: the stable end of `type`, and the title. A test holds it against every
# Refused of the house.
TITLES = {
    "refused": _("This is not possible"),
    # What was sent.
    "parse_error": _("The text that was sent is not JSON that can be used"),
    "too_large": _("What was sent is too large"),
    "unsupported_media_type": _("What was sent is not JSON"),
    "not_acceptable": _("There is no answer of the type that was asked for"),
    "invalid": _("A field that was sent cannot be used"),
    "not_found": _("There is nothing at this address"),
    "method_not_allowed": _("This address does not do that"),
    "not_signed_in": _("The token of the consultation is missing or has ended"),
    "permission_denied": _("This is not allowed"),
    "length_required": _("The length of what was sent is not said"),
    "error": _("Something went wrong on our side"),
    "unavailable": _("We cannot reach our records just now"),
    # The same request sent again.
    "bad_idempotency_key": _("The Idempotency-Key cannot be used"),
    "request_in_progress": _("The same request is being worked on"),
    "idempotency_key_reused": _("The Idempotency-Key belongs to another request"),
    # A request and its visit.
    "slot_taken": _("This time cannot be had"),
    "time_not_offered": _("This time cannot be booked by anybody"),
    "own_visit_then": _("You have another visit at this time"),
    "too_many_requests": _("Too many unfinished requests"),
    "not_possible_now": _("This cannot be done at this point"),
    "too_late": _("It is too close to the visit"),
    "wrong_code": _("The code is wrong"),
    "code_ran_out": _("The code is too old"),
    "too_many_tries": _("Too many tries"),
    "link_ended": _("The link has ended"),
    "data_erased": _("What was known is erased"),
    "wrong_answer": _("The answer does not match"),
    # The side effects.
    "risks_missing": _("Side effects are not acknowledged yet"),
    "no_risks_listed": _("There are no side effects to acknowledge yet"),
    "not_acknowledged": _("The side effect was not acknowledged"),
    "stale_page": _("What was shown is no longer up to date"),
    "staff_cannot_act": _("Staff cannot acknowledge for a patient"),
    "not_our_form": _("The form that was sent is not ours"),
}


class Problem(Exception):
    """A refusal with more members than its sentence, such as the alternatives to a taken time."""

    def __init__(self, refusal: Refused, **members: object) -> None:
        super().__init__(refusal)
        self.refusal = refusal
        self.members = members


class LengthRequired(exceptions.APIException):
    """The body comes in chunks; our server would hand us an empty one (RFC 9110 section 15.5.12)."""

    status_code = 411
    default_code = "length_required"
    default_detail = _("Send the Content-Length, and the body in one piece.")


class TooLarge(exceptions.APIException):
    """The body is longer than any honest request."""

    status_code = 413
    default_code = "too_large"
    default_detail = _("Send at most 64 KiB.")


def type_of(code: str) -> str:
    """The stable `type` of a kind of problem; the address says what it means."""
    return f"{settings.SITE_URL}/api/problems/{code}/"


class Document(JsonResponse):
    """A problem document, which knows the stable end of its `type`."""

    code: str


def document(
    code: str,
    *,
    status: int,
    detail: object,
    errors: list[dict[str, object]] | None = None,
    **members: object,
) -> Document:
    """One problem document, in the active language."""
    body: dict[str, object] = {
        "type": type_of(code),
        "title": TITLES[code],
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    response = Document(
        body | members,
        status=status,
        content_type=MEDIA_TYPE,
        json_dumps_params={"ensure_ascii": False},
    )
    response.code = code
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"  # RFC 9110 section 15.5.2
    return response


def problem(error: Exception, context: Mapping[str, Any]) -> Document:
    """Django REST framework's way in (EXCEPTION_HANDLER): whatever was raised, as a document."""
    if isinstance(error, Problem):
        return _of_refusal(error.refusal, error.members)
    if isinstance(error, Refused):
        return _of_refusal(error, {})
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, SuspiciousOperation | BadRequest):
        error = exceptions.ParseError()
    if isinstance(error, exceptions.ValidationError):
        return _of_fields(error)
    if isinstance(error, exceptions.APIException):
        response = document(error.default_code, status=error.status_code, detail=error.detail)
        if isinstance(error, exceptions.MethodNotAllowed):
            response["Allow"] = ", ".join(context["view"].allowed_methods)
        return response
    if isinstance(error, DATABASE_AWAY):
        return _of_absence(error)
    return _of_crash(error, context["request"])


@csrf_exempt
def no_such_address(request: HttpRequest, rest: str = "") -> Document:
    """Every address under /api/ that leads nowhere."""
    return problem(exceptions.NotFound(), {})


def _of_refusal(refusal: Refused, members: Mapping[str, object]) -> Document:
    errors: list[dict[str, object]] = []
    if refusal.field:
        errors.append({"pointer": f"#/{refusal.field}", "detail": str(refusal)})
    return document(
        refusal.code, status=refusal.status, detail=str(refusal), errors=errors, **members
    )


def _of_fields(error: exceptions.ValidationError) -> Document:
    return document(
        "invalid",
        status=400,
        detail=_("Correct the fields named under “errors” and send the request again."),
        errors=list(_errors(error.detail, ())),
    )


def _errors(detail: object, path: tuple[str, ...]) -> Iterator[dict[str, object]]:
    """One entry for each message, with a JSON pointer (RFC 6901, as a URI fragment)."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            whole = key == "non_field_errors"
            yield from _errors(inner, path if whole else (*path, str(key)))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _errors(inner, path)
    else:
        steps = (step.replace("~", "~0").replace("/", "~1") for step in path)
        yield {"pointer": "#" + "".join(f"/{quote(step)}" for step in steps), "detail": str(detail)}


def _of_absence(error: Exception) -> Document:
    """503 (RFC 9110 section 15.6.4): the same request, with the same key, may succeed a little later."""
    logger.error("The database is away: %s", type(error).__name__)
    response = document(
        "unavailable",
        status=503,
        detail=_("We cannot reach our records just now. Send the same request again in a moment."),
    )
    response["Retry-After"] = str(TRY_AGAIN_AFTER)
    return response


def _of_crash(error: Exception, request: HttpRequest) -> Document:
    logger.error("An API view failed: %s", request.method, exc_info=error)
    got_request_exception.send(sender=problem, request=request)
    return document(
        "error",
        status=500,
        detail=_("Something went wrong on our side. Try again, or call the clinic."),
    )


# --- The same in the OpenAPI document --------------------------------------------------------


class FieldError(serializers.Serializer):
    """One field that cannot be used."""

    pointer = serializers.CharField(help_text="JSON pointer (RFC 6901) as a URI fragment")
    detail = serializers.CharField(help_text="What to do, in the language of Accept-Language")


class ProblemDocument(serializers.Serializer):
    """RFC 9457. Decide by `type`, show `detail`."""

    type = serializers.URLField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldError(many=True, required=False)  # type: ignore[assignment] # RFC 9457 names it so


def refusals(
    *statuses: int, taken: type[serializers.Serializer] | None = None
) -> dict[tuple[int, str], OpenApiResponse]:
    """For extend_schema: these statuses carry problem documents; `taken` is the 409's own shape."""
    return {
        (status, MEDIA_TYPE): OpenApiResponse(
            taken if taken is not None and status == 409 else ProblemDocument,
            description=REASONS[status],
        )
        for status in statuses
    }


REASONS = {
    400: "A field, the JSON, or the code cannot be used.",
    401: "The token is missing or has ended.",
    403: "Staff are signed in at this client: nobody acknowledges for a patient.",
    409: "Not possible at this point: `type` says why.",
    411: "Without a Content-Length.",
    413: "Longer than 64 KiB.",
    415: "Not JSON.",
    422: "The Idempotency-Key was sent with another request.",
    429: "Too many tries or requests.",
    503: "The clinic's records cannot be reached just now: send it again after `Retry-After`.",
}
