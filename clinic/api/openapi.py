"""What the OpenAPI document says of every write and every problem, so that no view has to say it."""

from typing import Any

from django.utils import translation

from clinic.api.once import FEW_DIGITS, HEADER, KEY, LONGEST_KEY, REPLAYED, SHORTEST_KEY, WRITES
from clinic.api.problems import MEDIA_TYPE, REASONS, TITLES

WRITES_TWICE = f"""
## Sending a write again

An answer may be lost on its way. Send `{HEADER}` with every write: a new one with each new request,
and the same one when you send the same request again. The clinic then does it once, and answers each
time as it did the first time, byte for byte, with `{REPLAYED}: true`. This holds for 24 hours.

Refusals such as `slot_taken` are answers too: to try for something else, send a new key. Answers of
401, 404, 405, 406, 411, 413, 415 and 429, and the types `invalid` and `parse_error`, are not kept:
nothing was done, and the same key may be sent again. After 5xx, or where no answer came, nobody knows
whether it was done: send the same request with the same key, and you are told.

- Another request under the same key: 422, `idempotency_key_reused`. The same request is the same
  address, token and body, byte for byte.
- The first one is still being worked on: 409, `request_in_progress`; send it again after `Retry-After`.
"""

PROBLEMS = """
## Problems

Every refusal is a problem document (RFC 9457). Decide by the end of `type`: it is stable, and the
address says what it means. `detail` is a sentence for a person, in the language of `Accept-Language`.
`errors` names fields by JSON pointer (RFC 6901).

| `type` ends in | meaning |
|---|---|
"""


def describe(result: dict[str, Any], **_how: object) -> dict[str, Any]:
    """drf-spectacular's way in (POSTPROCESSING_HOOKS)."""
    components = result["components"]
    components.setdefault("parameters", {})["IdempotencyKey"] = _key()
    components.setdefault("headers", {}).update(_headers())
    for name, schema in components["schemas"].items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False  # clinic.api.asking refuses unknown fields
    for path in result["paths"].values():
        for method, operation in path.items():
            operation["responses"]["503"] = _problem(503) | {"headers": RETRY_AFTER}
            if method.upper() in WRITES:
                _describe_write(operation)
    with translation.override("en"):
        rows = "\n".join(f"| `{code}` | {title} |" for code, title in TITLES.items())
    result["info"]["description"] += f"\n{WRITES_TWICE}{PROBLEMS}{rows}\n"
    return result


RETRY_AFTER = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {"description": REASONS[status], "content": {MEDIA_TYPE: {"schema": schema}}}


def _describe_write(operation: dict[str, Any]) -> None:
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    operation["parameters"] = [*operation.get("parameters", []), key]
    for status in (411, 422):
        operation["responses"][str(status)] = _problem(status)
    for status, response in operation["responses"].items():
        if status[0] == "2" or status in ("400", "409"):
            response["headers"] = {REPLAYED: {"$ref": "#/components/headers/IdempotencyReplayed"}}
        if status == "409":
            response["headers"] |= RETRY_AFTER
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _key() -> dict[str, Any]:
    return {
        "in": "header",
        "name": HEADER,
        "required": False,
        "description": "The same one when the same request is sent again: it is done once. At least "
        "128 random bits, such as a UUID, in double quotes or bare "
        "(draft-ietf-httpapi-idempotency-key-header).",
        "schema": {
            "type": "string",
            "minLength": SHORTEST_KEY,
            "maxLength": LONGEST_KEY + 2,
            "pattern": KEY,
            "not": {"pattern": FEW_DIGITS},
        },
        "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    }


def _headers() -> dict[str, Any]:
    return {
        "IdempotencyReplayed": {
            "description": "There when this is the kept answer to an earlier sending.",
            "schema": {"type": "string", "enum": ["true"]},
        },
        "RetryAfter": {
            "description": "Seconds to wait before the same request is sent again.",
            "schema": {"type": "integer", "minimum": 1},
        },
    }
