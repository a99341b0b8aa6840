"""A write that is sent twice with one Idempotency-Key is done once, and told the same each time."""

import datetime as dt
import json
import secrets
import uuid

import pytest
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

import bookings.actions
from bookings import links, tasks
from bookings.models import Consultation
from bookings.models.queries import ConsultationQuerySet
from clinic import clock
from clinic.api import once, sealing
from clinic.celery import app as celery
from clinic.models import KeptAnswer
from tests import make
from tests.bookings.api import Api, code_of, slot, token_of, typed

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(hours=24)


@pytest.fixture(autouse=True)
def catalogue():
    make.clinic()
    make.dermatologist()


def with_key(key: str = "", *, token: str = "") -> Api:
    """A device that sends everything with one key."""
    api = Api(token=token)
    api.headers["Idempotency-Key"] = key or secrets.token_urlsafe(16)
    return api


def free(number: int = 0) -> dict[str, str]:
    """A free time, as fields of a request."""
    time = bookings.actions.free_times(treatment=make.treatment(), now=clock.now())[10 + number]
    return slot(time.starts_at)


def test_a_request_sent_twice_is_booked_once_and_answered_byte_for_byte():
    api, body = with_key(), json.dumps(typed(**free()))
    first, second = api.post_raw("consultations/", body), api.post_raw("consultations/", body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert Consultation.objects.count() == KeptAnswer.objects.count() == 1
    assert "Idempotency-Replayed" not in first.headers
    assert dict(second.headers) == {**first.headers, "Idempotency-Replayed": "true"}


def test_without_a_key_each_request_stands_for_itself():
    body = json.dumps(typed(**free()))
    answers = [Api().post_raw("consultations/", body) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize("change", ["body", "address", "token", "query", "method"])
def test_a_key_belongs_to_one_request(change):
    consultation = make.waiting(now=clock.now())
    key, token = str(uuid.uuid4()), token_of(consultation)
    body = json.dumps({"reason": "ill"})
    assert with_key(key, token=token).post_raw("consultation/cancel/", body).status_code == 200
    path = {"address": "consultation/prove/", "query": "consultation/cancel/?a=1"}.get(change)
    if change == "token":
        token = token_of(make.waiting(now=clock.now()))
    api = with_key(key, token=token)
    if change == "method":
        answer = api.client.put(
            "/api/consultation/cancel/", body, "application/json", headers=api.headers
        )
    else:
        answer = api.post_raw(path or "consultation/cancel/", body + " " * (change == "body"))
    assert (answer.status_code, code_of(answer)) == (422, "idempotency_key_reused")
    assert Consultation.objects.filter(status="cancelled").count() == 1


def test_a_refusal_is_an_answer_too():
    """The time becomes free between the two, and the second is told what the first was."""
    taken = free()
    other = make.held(starts_at=dt.datetime.fromisoformat(taken["starts_at"]), now=clock.now())
    api, body = with_key(), json.dumps(typed(**taken))
    first = api.post_raw("consultations/", body)
    assert (first.status_code, code_of(first)) == (409, "slot_taken")
    bookings.actions.cancel(consultation=other, now=clock.now(), by_patient=True)
    second = api.post_raw("consultations/", body)
    assert (second.status_code, second.content) == (409, first.content)
    assert with_key().post_raw("consultations/", body).status_code == 201


def test_what_postgresql_refuses_inside_is_answered_and_kept(monkeypatch):
    """The looks of ours find nothing, so the constraint decides (23P01); the rest goes on after it."""
    taken = free()
    make.held(starts_at=dt.datetime.fromisoformat(taken["starts_at"]), now=clock.now())
    monkeypatch.setattr(ConsultationQuerySet, "taking_a_slot", lambda self, *, now: self.none())
    api, body = with_key(), json.dumps(typed(**taken))
    first, second = api.post_raw("consultations/", body), api.post_raw("consultations/", body)
    assert (first.status_code, code_of(first)) == (409, "slot_taken")
    assert len(first.json()["alternatives"]) == 3
    assert second.content == first.content and "Idempotency-Replayed" in second
    assert Consultation.objects.count() == KeptAnswer.objects.count() == 1


def test_a_wrong_code_sent_twice_counts_as_one_try():
    consultation = make.waiting(now=clock.now())
    wrong = f"{(int(links.code(consultation)) + 1) % 1_000_000:06d}"
    api = with_key(token=token_of(consultation))
    for _time in range(2):
        assert code_of(api.post("consultation/prove/", code=wrong)) == "wrong_code"
    consultation.refresh_from_db()
    assert consultation.code_tries == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "parse_error"), (b"{}", "invalid"), (b'"' + b"x" * 70_000 + b'"', "too_large")],
)
def test_what_was_not_begun_can_be_sent_again_under_its_key(body, code):
    api = with_key()
    assert code_of(api.post_raw("consultations/", body)) == code
    assert not KeptAnswer.objects.exists()
    assert api.begin().status_code == 201


def test_who_is_not_signed_in_or_too_early_is_not_told_so_for_a_day(monkeypatch):
    for _request in range(2):
        Api().begin(email="one@example.com")
    api, body = with_key(), json.dumps(typed(email="one@example.com"))
    assert code_of(api.post_raw("consultations/", body)) == "too_many_requests"
    assert code_of(with_key(token="x").post("consultation/cancel/")) == "not_signed_in"
    assert not KeptAnswer.objects.exists()
    later = clock.now() + dt.timedelta(minutes=21)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert api.post_raw("consultations/", body).status_code == 201


@pytest.mark.parametrize("fault", ["raised", "database"])
def test_after_an_error_of_ours_nothing_is_left_and_the_key_can_be_sent_again(monkeypatch, fault):
    whole = bookings.actions.request

    def fails_at_the_end(**kwargs):
        whole(**kwargs)
        if fault == "database":
            connection.cursor().execute("SELECT no_such_column")
        raise RuntimeError

    api, body = with_key(), json.dumps(typed(**free()))
    monkeypatch.setattr(bookings.actions, "request", fails_at_the_end)
    monkeypatch.setattr(api.client, "raise_request_exception", False)
    answer = api.post_raw("consultations/", body)
    assert (answer.status_code, code_of(answer)) == (500, "error")
    assert not Consultation.objects.exists() and not KeptAnswer.objects.exists()
    monkeypatch.setattr(bookings.actions, "request", whole)
    assert api.post_raw("consultations/", body).status_code == 201


def test_an_answer_that_the_database_cannot_keep_leaves_no_booking(monkeypatch):
    def broken(*args: object) -> bool:
        raise DatabaseError("the connection broke")

    monkeypatch.setattr("clinic.api.once._keep", broken)
    api = with_key()
    monkeypatch.setattr(api.client, "raise_request_exception", False)
    answer = api.begin(**free())
    assert (answer.status_code, code_of(answer)) == (500, "error")
    assert not Consultation.objects.exists()


@pytest.mark.django_db(databases=["default", "owner"])
def test_while_it_is_worked_on_a_repetition_is_told_when_to_come_again():
    """Another session has the key's lock, as a request has that is still being worked on."""
    key = secrets.token_urlsafe(16)
    with connections["owner"].cursor() as another:
        another.execute("SELECT pg_advisory_xact_lock(%s, %s)", once._lock_of(key))
    answer = with_key(key).begin()
    assert (answer.status_code, code_of(answer)) == (409, "request_in_progress")
    assert answer["Retry-After"] == "1"
    assert not Consultation.objects.exists() and not KeptAnswer.objects.exists()
    assert with_key().begin().status_code == 201


def test_an_answer_is_kept_for_a_day_by_the_databases_clock():
    api, body = with_key(), json.dumps(typed())
    first = api.post_raw("consultations/", body)
    KeptAnswer.objects.update(kept_at=clock.now() - DAY + dt.timedelta(minutes=1))
    assert api.post_raw("consultations/", body).content == first.content
    KeptAnswer.objects.update(kept_at=clock.now() - DAY)
    anew = api.post_raw("consultations/", body)
    assert (anew.status_code, anew.content != first.content) == (201, True)
    assert Consultation.objects.count() == 2
    assert api.post_raw("consultations/", body).content == anew.content


def test_answers_that_have_run_out_are_deleted():
    for _answer in range(2):
        with_key().begin()
    young = KeptAnswer.objects.first()
    KeptAnswer.objects.exclude(pk=young.pk).update(kept_at=clock.now() - DAY)
    tasks.forget_kept_answers()
    assert list(KeptAnswer.objects.all()) == [young]
    beat = celery.conf.beat_schedule["forget_kept_answers"]
    assert beat["task"] == tasks.forget_kept_answers.name


def test_the_table_alone_tells_nothing(settings):
    key = secrets.token_urlsafe(16)
    answer = with_key(key).begin(**free(), email="canary@example.com")
    row = KeptAnswer.objects.get()
    stored = bytes(row.key) + bytes(row.sealed)
    for word in (key, answer.json()["token"], answer.json()["reference"], "reference", "canary"):
        assert word.encode() not in stored
    assert sealing.open_sealed(row.sealed, key=key).body == answer.content
    assert sealing.open_sealed(row.sealed, key=key + "x") is None
    settings.SECRET_KEY = "another"
    assert sealing.open_sealed(row.sealed, key=key) is None


def test_a_new_secret_opens_what_the_older_one_sealed_and_nothing_is_done_again_without(settings):
    api, body = with_key(), json.dumps(typed())
    first = api.post_raw("consultations/", body)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a new secret"
    assert api.post_raw("consultations/", body).content == first.content
    settings.SECRET_KEY_FALLBACKS = []
    assert code_of(api.post_raw("consultations/", body)) == "idempotency_key_reused"
    assert Consultation.objects.count() == 1


UUID = "8e03978e-40d5-43dd-bc93-6894a57f9324"


@pytest.mark.parametrize(
    "key", [UUID, f'"{UUID}"', "x" * 22, "f" * 32, "!#$%&'()*+-./:<=>?@[]^_`{|}~0A"]
)
def test_a_key_may_be_quoted_or_bare(key):
    api, body = with_key(key), json.dumps(typed())
    assert api.post_raw("consultations/", body).status_code == 201
    other = with_key(key.strip('"') if key[0] == '"' else f'"{key}"')
    assert other.post_raw("consultations/", body)["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    "key",
    [
        *("", "1", "x" * 21, "x" * 201, "f" * 31, "1" * 31, UUID[:-1], '""', f'"{UUID}', f'{UUID}"'),
        *(f"{UUID}, {UUID}", f'"{UUID}","{UUID}"', f"{UUID};a=1", f"{UUID} x", f"{UUID}\\"),
        *(f"{UUID}é", f"{UUID}\x7f", f"{UUID}\n", f'"{UUID}"\n', ":" + UUID[:20]),
    ],
)  # fmt: skip
def test_a_key_that_is_none_is_refused(key):
    api = Api()
    api.headers["Idempotency-Key"] = key
    answer = api.begin()
    assert (answer.status_code, code_of(answer)) == (400, "bad_idempotency_key")
    assert not Consultation.objects.exists()


def test_what_only_reads_needs_no_key_and_keeps_nothing():
    api = with_key("1")
    assert api.get("treatments/").status_code == 200


# The key's lock with the look at what is kept; the answer; and, where the action had a transaction
# of its own, the two ends of a savepoint.
STATEMENTS_OF_A_KEY = 4
STATEMENTS_OF_A_REPETITION = 3  # of which two begin and end the transaction


def statements(api: Api, body: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert api.post_raw("consultations/", body).status_code == 201
    return len(asked)


def test_a_key_costs_a_fixed_number_of_statements():
    bodies = [json.dumps(typed(**free(number))) for number in range(3)]
    statements(Api(), bodies[0])  # and what is asked once per process
    without, keyed = statements(Api(), bodies[1]), with_key()
    assert statements(keyed, bodies[2]) == without + STATEMENTS_OF_A_KEY
    assert statements(keyed, bodies[2]) == STATEMENTS_OF_A_REPETITION
