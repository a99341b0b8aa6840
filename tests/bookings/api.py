"""A client of the API for tests: sends JSON, keeps the token, reads problem documents."""

import datetime as dt
import json
from typing import Any

from django.test import Client

from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation
from tests import make


def typed(**fields: Any) -> dict[str, Any]:
    """What a client sends for a request; another person with each call."""
    return {
        **make.details(),
        "birth_date": "1990-05-17",
        "treatment": "mesotherapy",
        "concern": "cellulite",
    } | fields


def slot(
    starts_at: dt.datetime = make.TOMORROW_AT_9, dermatologist: str = "huda"
) -> dict[str, str]:
    return {"starts_at": starts_at.isoformat(), "dermatologist": dermatologist}


class Api:
    """One patient's device."""

    client = Client()  # one for all: making the middleware of each anew would take 50 ms

    def __init__(self, *, token: str = "", language: str = "") -> None:
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        if language:
            self.headers["Accept-Language"] = language

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(f"/api/{path}", query, headers=self.headers)

    def post(self, path: str, **fields: Any) -> Any:
        return self.post_raw(path, json.dumps(fields))

    def post_raw(self, path: str, body: str | bytes, content_type: str = "application/json") -> Any:
        return self.client.post(
            f"/api/{path}", body, content_type=content_type, headers=self.headers
        )

    def begin(self, **fields: Any) -> Any:
        """A request; its token goes with everything that follows."""
        answer = self.post("consultations/", **typed(**fields))
        if answer.status_code == 201:
            self.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return answer

    def prove(self) -> Any:
        return self.post("consultation/prove/", code=links.code(self.row))

    @property
    def row(self) -> Consultation:
        reference = self.headers["Authorization"].removeprefix("Bearer ").partition(".")[0]
        return Consultation.objects.get(reference=reference)


def code_of(answer: Any) -> str:
    """The kind of problem, after looking at the whole document (RFC 9457)."""
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code >= 400
    assert problem["title"] and problem["detail"]
    start, _problems, code = problem["type"].rstrip("/").rpartition("/api/problems/")
    assert start.startswith("http")
    return code


def pointers(answer: Any) -> list[str]:
    """Which fields the problem names."""
    return [error["pointer"] for error in answer.json()["errors"]]


def token_of(consultation: Consultation) -> str:
    """The bearer token of the device that began this consultation."""
    return links.token(consultation, Purpose.ROAD)
