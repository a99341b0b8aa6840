"""The API does what its OpenAPI document says, whatever is sent (schemathesis, all of its checks).

A few examples of each operation; SCHEMATHESIS_EXAMPLES=1000 (`make fuzz`) sends that many, other ones
each time. Each example finds the clinic as it was: what it did is rolled back.
"""

import os
import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from schemathesis.checks import CHECKS

import bookings.actions
from bookings import links
from bookings.models import Consultation
from clinic import clock
from tests import make
from tests.bookings.api import slot, token_of, typed

FUZZ = "SCHEMATHESIS_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
# How far the patient with a token has come; before the proof and once it is booked with `make fuzz`.
STAGES = [make.proven, *([make.held, make.confirmed] if FUZZ else [])]
# What no document can say: which rows there are, and which dates and numbers are people's.
EXISTING = {
    "treatment": "mesotherapy",
    "concern": "cellulite",
    "dermatologist": "huda",
    "preferred_dermatologist": "huda",
    "mobile": "+971500000001",
    "birth_date": "1990-05-17",
    "zone": "Asia/Dubai",
}


def with_existing(document: dict[str, Any]) -> None:
    for name, shape in document["components"]["schemas"].items():
        for field in shape.get("properties", {}).keys() & EXISTING.keys():
            if name.endswith("Request"):
                shape["properties"][field]["enum"] = [EXISTING[field]]
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter.get("name") in EXISTING:
                    parameter["schema"]["enum"] = [EXISTING[parameter["name"]]]


schema = schemathesis.openapi.from_wsgi("/api/schema/", WSGIHandler())
with_existing(schema.raw_schema)
patiently = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not FUZZ,
    database=None,
    # What the fixture made is not changed: each example is rolled back.
    suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture,
        hypothesis.HealthCheck.too_slow,
    ],
)


class Visitor:
    """Sends cases, with a token or without, and counts what the operation itself answered."""

    def __init__(self, token: str = "") -> None:
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.statuses: Counter[int] = Counter()

    def try_out(self, case: schemathesis.Case) -> None:
        with transaction.atomic():
            answer = case.call(headers=self.headers)
            if case.method == case.operation.method.upper():
                self.statuses[answer.status_code] += 1
            case.validate_response(
                answer, headers=self.headers, excluded_checks=list(exceptions_for(case))
            )
            transaction.set_rollback(True)


def exceptions_for(case: schemathesis.Case) -> Iterator[Any]:
    """The checks that do not hold for a case, each for a reason."""
    operation = case.operation.definition.raw["operationId"]
    if "Idempotency-Key" in case.headers:
        # It sends the same key again without the token: that is another request, and is told so (422).
        yield CHECKS.get_one("ignored_auth")
    if operation == "prove":
        # Six digits are valid, and may still not be the code of the e-mail (400).
        yield CHECKS.get_one("positive_data_acceptance")
    if operation == "times" and {"from", "to"} <= set(case.query):
        # JSON Schema has no words for "not before" (400).
        yield CHECKS.get_one("positive_data_acceptance")


@pytest.fixture
def open_clinic(db) -> Iterator[None]:
    """Django would drop the connection, and the test's transaction with it, around each request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    make.clinic()
    make.dermatologist()
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(params=STAGES, ids=lambda stage: stage.__name__)
def patient(open_clinic, request) -> Iterator[Visitor]:
    """Who has a token."""
    free = bookings.actions.free_times(treatment=make.treatment(), now=clock.now())
    visitor = Visitor(token_of(request.param(starts_at=free[10].starts_at, now=clock.now())))
    yield visitor
    assert set(visitor.statuses) & {200, 201, 202, 400, 409, 429}, "never got past its token"


@(private := schema.include(path_regex="^/api/consultation/")).parametrize()
@patiently
def test_what_a_patient_sends(case, patient):
    patient.try_out(case)


@schema.exclude(path_regex="^/api/consultation/").parametrize()
@patiently
def test_what_anybody_sends(case, open_clinic):
    Visitor().try_out(case)


@private.parametrize()
@patiently
def test_what_a_stranger_sends(case, open_clinic):
    """Nothing but refusals, and of the kinds that the document names."""
    stranger = Visitor()
    stranger.try_out(case)
    assert set(stranger.statuses) <= {400, 401}


def test_the_whole_road_is_answered_as_the_document_says(open_clinic):
    """What no made-up token, code or time reaches: each answer of a request that is booked and moved."""
    free = [
        slot(time.starts_at)
        for time in bookings.actions.free_times(treatment=make.treatment(), now=clock.now())
    ]
    headers = {"Idempotency-Key": secrets.token_urlsafe(16)}

    def send(path: str, **body: Any) -> Any:
        operation = schema[f"/api/{path}"]["POST" if body else "GET"]
        sent = {"body": body, "media_type": "application/json"} if body else {}
        case = operation.Case(headers=dict(headers), **sent)
        answer = case.call_and_validate(excluded_checks=[CHECKS.get_one("ignored_auth")])
        assert answer.status_code in (200, 201)
        headers["Idempotency-Key"] = secrets.token_urlsafe(16)
        return answer.json()

    token = send("consultations/", **typed(**free[5]))["token"]
    headers["Authorization"] = f"Bearer {token}"
    send("consultation/prove/", code=links.code(Consultation.objects.get()))
    send("consultation/time/", **free[9])
    reading = send("consultation/risks/")
    for risk in reading["risks"]:
        send("consultation/acknowledgements/", shown=risk["shown"], understood=True, question="?")
    send("consultation/book/", reading=reading["reading"])
    send("consultation/acknowledgements/")
    send("consultation/move/", **free[12])
    assert send("consultation/cancel/", reason="ill")["status"] == "cancelled"
