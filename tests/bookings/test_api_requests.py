"""A request over the API: held or waiting, proven, moved, cancelled; and what each refusal says."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation, Status
from clinic import clock
from tests import make
from tests.bookings.api import Api, code_of, pointers, slot, typed

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)
    make.clinic()
    make.dermatologist()


def test_a_request_with_a_time_is_held_and_answers_with_a_token():
    api = Api()
    answer = api.begin(**slot())
    assert answer.status_code == 201
    told = answer.json()
    assert told["status"] == "held"
    assert told["hold_expires_at"] == "2026-11-22T06:20:00Z"
    assert told["token"] == links.token(api.row, Purpose.ROAD)
    assert (api.row.starts_at, api.row.concern.slug) == (make.TOMORROW_AT_9, "cellulite")


def test_a_request_without_a_time_waits_with_what_suits():
    api = Api()
    answer = api.begin(preferred_days=[0, 2], preferred_part="morning")
    assert answer.json()["status"] == "waiting"
    assert (api.row.preferred_days, api.row.preferred_part) == ([0, 2], "morning")


def test_who_is_not_sure_leaves_a_request_that_waits():
    fields = typed()
    del fields["treatment"], fields["concern"]
    answer = Api().post("consultations/", **fields)
    assert (answer.status_code, answer.json()["status"]) == (201, "waiting")
    assert Consultation.objects.get().treatment is None


def test_before_the_proof_nearly_nothing_is_told_and_after_it_everything():
    api = Api()
    api.begin(**slot(), patient_name="Layla")
    before = api.get("consultation/").json()
    assert set(before) == {"reference", "status", "hold_expires_at", "is_proven"}
    after = api.prove()
    assert after.status_code == 200
    assert after.json() == api.get("consultation/").json()
    assert after.json()["patient_name"] == "Layla"
    assert after.json()["dermatologist"]["slug"] == "huda"
    assert after.json()["video_room"] == ""


@pytest.mark.parametrize("fault", ["none", "garbage", "another purpose", "another's", "scheme"])
def test_without_its_own_token_nobody_sees_or_changes_a_consultation(fault):
    consultation = make.proven()
    token = links.token(consultation, Purpose.ROAD)
    header = {
        "none": "",
        "garbage": f"Bearer {consultation.reference}.é\x7f",
        "another purpose": f"Bearer {links.token(consultation, Purpose.PAGE)}",
        "another's": f"Bearer {make.waiting().reference}.{token.partition('.')[2]}",
        "scheme": f"Basic {token}",
    }[fault]
    api = Api()
    api.headers["Authorization"] = header
    for answer in (
        api.get("consultation/"),
        api.get("consultation/risks/"),
        api.get("consultation/acknowledgements/"),
        api.post("consultation/prove/", code="000000"),
        api.post("consultation/code/"),
        api.post("consultation/time/", **slot()),
        api.post("consultation/move/", **slot()),
        api.post("consultation/cancel/"),
        api.post("consultation/acknowledgements/", shown="x", understood=True),
        api.post("consultation/book/", reading=1),
    ):
        assert (answer.status_code, code_of(answer)) == (401, "not_signed_in")
        assert answer["WWW-Authenticate"] == "Bearer"
    consultation.refresh_from_db()
    assert consultation.status == Status.HELD


def test_a_token_ends_ninety_days_after_the_visit(monkeypatch):
    consultation = make.confirmed()
    api = Api(token=links.token(consultation, Purpose.ROAD))
    monkeypatch.setattr(clock, "now", lambda: consultation.ends_at + dt.timedelta(days=89))
    assert api.get("consultation/").status_code == 200
    monkeypatch.setattr(clock, "now", lambda: consultation.ends_at + dt.timedelta(days=90))
    assert code_of(api.get("consultation/")) == "not_signed_in"


def test_a_taken_time_is_refused_with_the_nearest_three():
    make.held()
    answer = Api().begin(**slot())
    assert (answer.status_code, code_of(answer)) == (409, "slot_taken")
    times = answer.json()["alternatives"]
    assert [time["starts_at"] for time in times] == [
        "2026-11-23T05:20:00Z",
        "2026-11-23T05:40:00Z",
        "2026-11-23T06:00:00Z",
    ]
    assert Api().begin(starts_at=times[0]["starts_at"], dermatologist="huda").status_code == 201


@pytest.mark.parametrize("year", ["0001", "1999", "9999"])
def test_a_time_that_no_calendar_offers_is_refused_with_alternatives(year):
    answer = Api().begin(starts_at=f"{year}-12-31T23:59:59+00:00", dermatologist="huda")
    assert code_of(answer) == "time_not_offered"
    assert len(answer.json()["alternatives"]) == 3


def test_the_third_request_from_one_address_that_nobody_proves_is_refused():
    for _time in range(2):
        assert Api().begin(email="one@example.com").status_code == 201
    answer = Api().begin(email="One@example.com")
    assert (answer.status_code, code_of(answer)) == (429, "too_many_requests")


def test_five_requests_of_one_device_may_be_unproven():
    answers = [Api().begin() for _time in range(6)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("treatment", "no-such-treatment"),
        ("concern", "no-such-concern"),
        ("dermatologist", "nobody"),
        ("starts_at", "2026-11-23T09:00:00"),
        ("starts_at", "9999-12-31T23:59:59-14:00"),
        ("starts_at", "soon"),
        ("preferred_part", "midnight"),
        ("patient_name", ""),
        ("patient_name", "x" * 121),
        ("patient_name", "Layla\r\nBcc: all@example.com"),
        ("patient_name", "\u200b\u200d\u2066"),
        ("patient_name", "\u3164"),
        ("patient_name", "Lay\x85la"),
        ("patient_name", ["Layla"]),
        ("email", "layla"),
        ("email", "layla@example.com\nBcc: all@example.com"),
        ("mobile", "12"),
        ("mobile", {"e": 1}),
        ("birth_date", "2030-01-01"),
        ("birth_date", "1800-01-01"),
        ("birth_date", "2020-01-01"),
        ("birth_date", 0),
        ("language", "fr"),
        ("zone", "Asia/Nowhere"),
        ("zone", "../../etc/passwd"),
        ("names_treatment", "yes"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(field, value):
    answer = Api().begin(**(slot() | {field: value}))
    assert (answer.status_code, code_of(answer)) == (400, "invalid")
    assert pointers(answer) == [f"#/{field}"]
    assert not Consultation.objects.exists()


def test_half_a_time_and_an_unknown_field_are_named():
    for half in ({"dermatologist": "huda"}, {"speaks": "ar"}):
        assert pointers(Api().begin(**half)) == ["#/starts_at"]
    unknown = Api().begin(**{"status": "confirmed", "a/b~c": 1, "preferred_days": [1, 9]})
    assert pointers(unknown) == ["#/preferred_days/1", "#/a~1b~0c", "#/status"]


def test_a_time_without_a_dermatologist_is_held_with_any_who_speaks_the_language():
    make.dermatologist("arjun", languages=["en"])
    for _time, answer in enumerate((201, 409)):
        api = Api()
        got = api.begin(starts_at=make.TOMORROW_AT_9.isoformat(), speaks="ar")
        assert got.status_code == answer
    assert Consultation.objects.get().dermatologist.slug == "huda"
    assert {time["dermatologist"] for time in got.json()["alternatives"]} == {"huda"}


def test_a_child_is_asked_for_by_a_guardian():
    answer = Api().begin(birth_date="2020-01-01", guardian_name="Layla")
    assert answer.status_code == 201


def test_a_mobile_in_the_digits_of_the_gulf_is_understood():
    api = Api()
    assert api.begin(mobile="٠٥٠١٢٣٤٥٦٧").status_code == 201
    assert api.prove().json()["mobile"] == "+971501234567"


def test_five_wrong_codes_end_the_code_and_a_new_one_can_be_had(monkeypatch):
    api = Api()
    api.begin(**slot())
    right = links.code(api.row)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    codes = [code_of(api.post("consultation/prove/", code=wrong)) for _try in range(6)]
    assert codes == ["wrong_code"] * 5 + ["too_many_tries"]
    assert code_of(api.post("consultation/code/")) == "too_many_tries"
    monkeypatch.setattr(clock, "now", lambda: make.NOW + dt.timedelta(minutes=1))
    again = api.post("consultation/code/")
    assert (again.status_code, again.json()["status"]) == (202, "held")
    assert api.prove().json()["is_proven"] is True
    assert code_of(api.post("consultation/code/")) == "not_possible_now"


def test_an_old_code_has_run_out(monkeypatch):
    api = Api()
    api.begin(**slot())
    monkeypatch.setattr(clock, "now", lambda: make.NOW + dt.timedelta(minutes=10))
    assert code_of(api.prove()) == "code_ran_out"


def test_a_request_that_waits_takes_a_time_later():
    api = Api()
    api.begin()
    api.prove()
    answer = api.post("consultation/time/", **slot())
    assert (answer.status_code, answer.json()["status"]) == (200, "held")
    assert answer.json()["starts_at"] == "2026-11-23T05:00:00Z"


def test_a_visit_is_moved_seen_and_cancelled():
    consultation = make.confirmed()
    api = Api(token=links.token(consultation, Purpose.ROAD))
    assert api.get("consultation/").json()["video_room"] == "https://video.example.com/huda"
    next_time = make.TOMORROW_AT_9 + HOUR / 3
    make.held(starts_at=next_time)
    refused = api.post("consultation/move/", **slot(next_time))
    assert code_of(refused) == "slot_taken"
    # Its own present time is free for it.
    assert refused.json()["alternatives"][0]["starts_at"] == "2026-11-23T05:00:00Z"
    moved = api.post("consultation/move/", **slot(make.TOMORROW_AT_9 + 2 * HOUR))
    assert moved.json()["starts_at"] == "2026-11-23T07:00:00Z"
    cancelled = api.post("consultation/cancel/", reason="I am away.\nSorry!")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert cancelled.json()["video_room"] == ""
    again = api.post("consultation/cancel/")
    assert again.json()["cancelled_at"] == cancelled.json()["cancelled_at"]
    assert code_of(api.post("consultation/move/", **slot())) == "not_possible_now"


def test_close_to_the_visit_only_the_phone_helps(monkeypatch):
    consultation = make.confirmed()
    api = Api(token=links.token(consultation, Purpose.ROAD))
    monkeypatch.setattr(clock, "now", lambda: make.TOMORROW_AT_9 - HOUR)
    assert code_of(api.post("consultation/cancel/")) == "too_late"
    assert code_of(api.post("consultation/move/", **slot(make.TOMORROW_AT_9 + HOUR))) == "too_late"


def test_refusals_speak_the_language_that_was_asked_for():
    for language, word in (("ar-AE,ar;q=0.9,en;q=0.5", "ar"), ("en", "en"), ("fr", "en")):
        answer = Api(language=language).post("consultations/")
        assert answer["Content-Language"] == word
    arabic = Api(language="ar").post("consultations/").json()["errors"][0]["detail"]
    assert any("\u0600" <= letter <= "\u06ff" for letter in arabic)


def test_the_request_costs_a_fixed_number_of_queries(django_assert_num_queries):
    for _row in range(3):
        make.waiting()
    with django_assert_num_queries(QUERIES_OF_A_REQUEST):
        Api().begin(**slot())
    for _row in range(3):
        bookings.actions.cancel(consultation=make.waiting(), now=make.NOW, by_patient=True)
    with django_assert_num_queries(QUERIES_OF_A_REQUEST):
        Api().begin(**slot(make.TOMORROW_AT_9 + HOUR))


QUERIES_OF_A_REQUEST = 10
