"""What holds for the whole API: strict input, problem documents, its OpenAPI document and its page."""

import importlib
import json
import pkgutil
import re
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLResolver, get_resolver
from rest_framework.exceptions import APIException

import bookings.actions
import consent.actions
from bookings.models import Consultation
from clinic.api import problems
from clinic.api.problems import TITLES
from clinic.errors import Refused
from tests import make
from tests.bookings.api import Api, code_of, pointers, token_of, typed

POSTS = [
    "consultations/",
    "consultation/prove/",
    "consultation/code/",
    "consultation/time/",
    "consultation/move/",
    "consultation/cancel/",
    "consultation/acknowledgements/",
    "consultation/book/",
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b" ",
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'{"email": "\xff"}',
        b'{"email": "a\\u0000b"}',
        b'{"email": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"reading": NaN}',
        b'{"reading": -Infinity}',
        b'{"reading": 1e999}',
        b'{"reading": ' + b"9" * 5000 + b"}",
        b'{"email": "a@example.com", "email": "b@example.com"}',
        b"[" * 60_000,
        b"[" * 20_000 + b"]" * 20_000,
        b'{"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}',
        b'{"preferred_days": [' + b"9," * 100 + b"9]}",
        json.dumps({f"field-{number}": 0 for number in range(101)}).encode(),
        b"{}{}",
        b"'{}'",
    ],
)
def test_what_is_not_json_that_can_be_stored_is_refused(body):
    answer = Api().post_raw("consultations/", body)
    # An empty body is an empty object to Django REST framework.
    assert (answer.status_code, code_of(answer)) == (400, "parse_error" if body else "invalid")


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["[]", "null", "1", '"text"', "true", "[[]]", "{}"])
def test_json_of_another_shape_is_refused_by_every_address(body):
    for path in POSTS:
        consultation = make.proven(starts_at=make.TOMORROW_AT_9)
        answer = Api(token=token_of(consultation)).post_raw(path, body)
        if answer.status_code < 400:
            assert body == "{}"
        else:
            assert answer.status_code in (400, 409)
            code_of(answer)
        bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=True)


HOSTILE = [None, True, -1, 2**70, 1e300, "", " ", "a" * 10_000, "\u202e", "%00", [], [[]], {}]
HOSTILE += [{"slug": "mesotherapy"}, ["huda"], "0001-01-01T00:00:00+23:59", "9999-12-31T23:59Z"]


@pytest.mark.django_db
@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_no_value_in_any_field_makes_the_server_fail(value):
    consultation = make.proven()
    api = Api(token=token_of(consultation))
    fields = {
        "consultations/": [*typed(), "dermatologist", "starts_at", "preferred_days"],
        "consultation/prove/": ["code"],
        "consultation/time/": ["dermatologist", "starts_at"],
        "consultation/move/": ["dermatologist", "starts_at"],
        "consultation/cancel/": ["reason"],
        "consultation/acknowledgements/": ["shown", "understood", "wants_to_talk", "question"],
        "consultation/book/": ["reading"],
    }
    for path, names in fields.items():
        for name in names:
            good = typed() if path == "consultations/" else {}
            answer = api.post(path, **(good | {name: value}))
            assert answer.status_code < 500
            if answer.status_code >= 400:
                code_of(answer)
            Consultation.objects.exclude(pk=consultation.pk).delete()
    for name in ("treatment", "dermatologist", "language", "from", "to"):
        assert api.get("times/", **{name: str(value)}).status_code < 500
        assert api.get("consultation/risks/", **{name: str(value)}).status_code < 500


@pytest.mark.django_db
def test_the_longest_name_is_refused_as_fast_as_a_short_one():
    """A pattern that tries each way of reading 60,000 letters would take minutes."""
    for name in ("a" * 60_000 + "\u202e", "\u3000" * 20_000 + "\u202e"):
        began = time.monotonic()
        answer = Api().post("consultations/", **typed(patient_name=name))
        assert code_of(answer) in ("invalid", "too_large")
        assert time.monotonic() - began < 5


@pytest.mark.django_db
def test_a_body_that_is_too_long_is_refused_before_it_is_read():
    answer = Api().post_raw("consultations/", json.dumps({"email": "x" * 70_000}))
    assert (answer.status_code, code_of(answer)) == (413, "too_large")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content_type",
    [
        *(
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain",
            "x",
        ),
        *("", "application/json; charset=utf-16", "application/json; charset=latin-1"),
    ],
)
def test_what_is_not_sent_as_json_is_refused(content_type):
    answer = Api().post_raw("consultations/", b"{}", content_type=content_type)
    assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type")


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["; charset=utf-8", ';charset="UTF-8"', "; version=1", ""])
def test_json_may_say_that_it_is_utf_8(charset):
    make.treatment()
    body = json.dumps(typed(), ensure_ascii=False)
    answer = Api().post_raw("consultations/", body, content_type=f"application/json{charset}")
    assert answer.status_code == 201


@pytest.mark.django_db
def test_numbers_are_not_text_and_text_is_no_number():
    make.treatment()
    api = Api(token=token_of(make.proven()))
    for path, fields in (
        ("consultation/cancel/", {"reason": 0}),
        ("consultation/cancel/", {"reason": 1.5}),
        ("consultation/book/", {"reading": "1"}),
        ("consultation/prove/", {"code": 123456}),
        ("consultations/", typed(mobile=971500000001)),
        ("consultations/", typed(patient_name=5)),
        ("consultations/", typed(preferred_days=["1"])),
    ):
        answer = api.post(path, **fields)
        assert (answer.status_code, code_of(answer)) == (400, "invalid"), fields
        assert len(pointers(answer)) == 1


def test_addresses_and_methods_that_are_not_there_are_problems_too():
    api = Api()
    for path in ("nothing/", "consultation", "times", "problems/none/", "schema", "x/é/%00"):
        assert code_of(api.get(path)) == "not_found"
    wrong = api.client.delete("/api/times/")
    assert (wrong.status_code, code_of(wrong)) == (405, "method_not_allowed")
    assert "GET" in wrong["Allow"]
    assert code_of(api.post("")) == "method_not_allowed"
    guarded = Client(enforce_csrf_checks=True)  # as for a page's form
    assert code_of(guarded.post("/api/nothing/", {})) == "not_found"
    assert code_of(api.client.get("/api/", headers={"Accept": "image/png"})) == "not_acceptable"


@pytest.mark.django_db
def test_nobody_keeps_what_the_api_answers():
    assert Api().get("treatments/")["Cache-Control"] == "no-store"


def test_every_refusal_of_the_house_has_a_title_and_an_address_that_explains_it():
    for package in (bookings.actions, consent.actions):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    waiting = [Refused]
    while waiting:
        refusal = waiting.pop()
        waiting += refusal.__subclasses__()
        assert refusal.code in TITLES, refusal
        assert Api().get(f"problems/{refusal.code}/").json()["title"]


def test_the_openapi_document_is_valid_and_whole(tmp_path):
    """`spectacular` itself fails the test on any warning; no address may be missing in it."""
    file = tmp_path / "schema.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file))
    document = Api().get("schema/").json()
    assert document["openapi"].startswith("3.1")
    served = {f"/api/{path}" for path in addresses()}
    assert set(document["paths"]) == served
    for path in document["paths"].values():
        for operation in path.values():
            assert any(status.startswith("2") for status in operation["responses"])
            assert operation["description"]
            if "requestBody" in operation or operation.get("security"):
                problems = [
                    c for r in operation["responses"].values() for c in r.get("content", {})
                ]
                assert "application/problem+json" in problems


def test_the_openapi_document_says_what_each_problem_means_and_how_a_write_is_repeated():
    rows = [f"| `{code}` | {title} |" for code, title in TITLES.items()]
    document = Api(language="ar").get("schema/").json()
    assert all(row in document["info"]["description"] for row in rows)
    for path in document["paths"].values():
        for method, operation in path.items():
            named = {"$ref": "#/components/parameters/IdempotencyKey"}
            assert (named in operation.get("parameters", [])) == (method != "get")
            assert ("422" in operation["responses"]) == (method != "get")


def test_every_problem_that_the_api_makes_has_a_title():
    """Those that are no Refused: raised by Django REST framework, or written out in a call."""
    unused = {"authentication_failed", "not_authenticated", "throttled"}  # we have no such classes
    made = {error.default_code for error in APIException.__subclasses__()} - unused
    for path in sorted(Path(problems.__file__).parent.glob("*.py")):
        made |= set(re.findall(r'\bdocument\(\s*"(\w+)"', path.read_text()))
    assert {"invalid", "too_large", "length_required", "idempotency_key_reused", "error"} <= made
    assert made <= set(TITLES)


def addresses() -> list[str]:
    """The JSON addresses that are routed under /api/."""
    found = []
    for resolver in get_resolver().url_patterns:
        if isinstance(resolver, URLResolver) and str(resolver.pattern) == "api/":
            found += [str(pattern.pattern) for pattern in resolver.url_patterns]
    own = {"", "schema/", "problems/<str:code>/", "^(?P<rest>.*)$"}
    return [path for path in found if path not in own]


def test_the_page_of_the_api_has_no_inline_code_and_keeps_the_strict_policy():
    answer = Api().get("")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert not re.search(r"<style|style=|<script>| on\w+=", page)
    script = Api().client.get(re.findall(r'<script src="(/api/[^"]*)"', page)[0])
    assert script["Content-Type"].startswith("application/javascript")
    assert b"schema/" in script.content


def test_each_reader_is_told_in_their_own_language_whoever_was_told_first():
    for language, letters in (("ar", True), ("en", False), ("ar", True)):
        answers = [
            Api(language=language).post("consultations/", **typed(patient_name="x" * 130)),
            Api(language=language).get("times/", limit="0"),
        ]
        for answer in answers:
            [error] = answer.json()["errors"]
            arabic = any("\u0600" <= letter <= "\u06ff" for letter in error["detail"])
            assert arabic is letters, error
