"""Which steps are owed when a plan changes, what one e-mail brings, and the hash of what was sent."""

import datetime as dt
import hashlib
import json

import pytest

from bookings import delivery, emails, owing
from bookings.emails import versions
from bookings.models import Kind, Message, MessageState
from clinic import actions
from clinic.models import AftercareStep
from tests import make
from tests.bookings.mails import body, of_kind, plain, read
from tests.bookings.owing import are_sent, note, owed, session_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# When a session of these tests takes place, in the afternoon of make.TOMORROW_AT_9.
AT = make.TOMORROW_AT_9 + HOUR


@pytest.fixture
def session():
    """A session after which nothing is noted yet, under a plan of 0, 24 and 48 hours."""
    make.aftercare_steps(make.treatment())
    session = session_of(make.completed())
    assert session.took_place_at == AT
    note(make.NOW)
    return session


def next_plan(*, now: dt.datetime = make.APPROVED, without: str = "", **moved: int):
    """A new version: without a step, with others at other hours (`after_24=48`)."""
    row = make.plan(make.treatment())
    row.steps.filter(key=without).delete()
    for key, hours in moved.items():
        row.steps.filter(key=key.replace("_", "-")).update(hours_after=hours)
    return make.publish_plan(row, now=now)


def keys(now: dt.datetime) -> list[str]:
    return [row.step.key for row in owing.owed(now=now)]


# --- What is owed when the plan changes --------------------------------------------------------------


def test_a_new_version_sends_nobody_a_step_twice(session):
    assert [row.step.key for row in note(AT)] == ["after-0"]
    next_plan()
    assert keys(AT + HOUR) == []
    assert keys(AT + DAY) == ["after-24"]


def test_a_draft_owes_nothing(session):
    make.write_step(make.plan(make.treatment()), 6)
    assert keys(AT + 7 * HOUR) == ["after-0"]


def test_a_step_that_is_removed_stops_for_those_who_have_not_had_it(session):
    note(AT)
    (waits,) = note(AT + DAY)
    next_plan(without="after-24")
    assert not owing.still_owed(waits, now=AT + DAY)
    assert keys(AT + DAY + HOUR) == []
    assert keys(AT + 2 * DAY) == ["after-48"]


def test_a_retired_plan_owes_nothing_more(session):
    note(AT)
    actions.retire_plan(plan=make.treatment().aftercare_plans.get(state="published"))
    assert owed(AT + DAY) == []


def test_an_e_mail_that_waits_says_what_the_live_plan_says(session):
    (waits,) = note(AT)
    old = waits.step
    row = make.plan(make.treatment())
    row.steps.filter(key="after-0").update(title_en="Cooling")
    make.publish_plan(row)
    assert owing.still_owed(waits, now=AT)
    text = plain(body(read(Message.objects.get(pk=waits.pk), AT), "plain"))
    assert text.startswith("Cooling\n") and ", version 2; not a diagnosis" in text
    assert old.title == "Icing"


@pytest.mark.usefixtures("smtp_sink")
def test_a_sent_e_mail_is_kept_with_the_version_that_it_was_sent_in(session, smtp_sink):
    (waits,) = note(AT)
    live = next_plan()
    assert delivery.send_due(now=AT) == 1
    waits.refresh_from_db()
    assert (waits.state, waits.step.plan) == (MessageState.SENT, live)
    assert waits.wording == versions.hash_of_steps([live.steps.get(key="after-0")], "en")
    next_plan()  # later versions change nothing of it
    found = emails.find(waits.wording)
    assert (found.plan, found.language) == (live, "en")
    assert [step.key for step in found.steps] == ["after-0"]


def test_a_step_that_is_added_comes_within_its_own_time_and_not_later(session):
    note(AT)
    row = make.plan(make.treatment())
    make.write_step(row, 6)
    make.publish_plan(row, now=AT + 7 * HOUR)
    assert keys(AT + 7 * HOUR) == ["after-6"]
    assert keys(AT + DAY) == ["after-24"]
    # Nobody asked for two days: what was published after its time was never owed, and is no failure.
    row = make.plan(make.treatment())
    make.write_step(row, 30)
    make.publish_plan(row, now=AT + 2 * DAY)
    rows = owing.owed(now=AT + 2 * DAY, since=AT + HOUR)
    assert {row.step.key: row.state for row in rows} == {
        "after-6": MessageState.GAVE_UP,
        "after-24": MessageState.GAVE_UP,
        "after-48": MessageState.OWED,
    }


def test_a_step_that_is_moved_to_a_later_hour_is_sent_then(session):
    note(AT)
    (waits,) = note(AT + DAY)
    next_plan(after_24=30)
    assert not owing.still_owed(waits, now=AT + DAY)
    Message.objects.filter(pk=waits.pk).update(state=MessageState.DROPPED)
    assert [row.step.key for row in note(AT + 30 * HOUR)] == ["after-24"]


def test_a_step_that_was_sent_is_not_sent_again_at_a_later_hour(session):
    note(AT)
    are_sent(Message.objects.filter(pk__in=[row.pk for row in note(AT + DAY)]), now=AT + DAY)
    next_plan(after_24=30)
    assert keys(AT + 31 * HOUR) == []


# --- Steps at one hour --------------------------------------------------------------------------------


@pytest.fixture
def together(session):
    """The session, under a plan with three steps after a day."""
    row = make.plan(make.treatment())
    make.write_step(
        row, 24, key="sun", position=2, title_en="The sun", body_en="Stay in the shade."
    )
    make.write_step(
        row, 24, key="sport", position=3, title_en="Sport", red_flags_en="Call us: a fever."
    )
    make.publish_plan(row)
    note(AT)
    return session


def test_steps_at_one_hour_are_one_e_mail_with_a_title_each_and_each_warning_once(together):
    (row,) = note(AT + DAY)
    mail = read(row, AT + DAY)
    text, html = plain(body(mail, "plain")), body(mail, "html")
    lines = text.splitlines()
    places = [lines.index(title) for title in ("After 24 hours", "The sun", "Sport")]
    assert places == sorted(places) and places[0] == 0
    assert text.count("Stay in the shade.") == 1
    assert text.count("Call the same day: spreading redness.") == 1
    assert text.count("Call us: a fever.") == text.count("Call 998: trouble breathing.") == 1
    assert "<h2>The sun</h2>" in html and html.count('class="urgent"') == 3
    assert [step.key for step in row.brings] == ["after-24", "sun", "sport"]


def test_what_came_with_another_step_is_not_sent_again_where_the_plan_parts_them(together):
    are_sent(Message.objects.filter(pk__in=[row.pk for row in note(AT + DAY)]), now=AT + DAY)
    next_plan(without="after-24", sport=30)
    assert keys(AT + DAY + HOUR) == []
    assert keys(AT + 30 * HOUR) == []


def test_only_what_is_new_comes_where_the_plan_brings_steps_together(together):
    are_sent(Message.objects.filter(pk__in=[row.pk for row in note(AT + DAY)]), now=AT + DAY)
    next_plan(sun=48, sport=48)
    (row,) = note(AT + 2 * DAY)
    assert (row.step.key, [step.key for step in row.brings]) == ("after-48", ["after-48"])


def test_a_step_that_joins_an_e_mail_on_its_way_comes_once(session):
    note(AT)
    (waits,) = note(AT + DAY)
    row = make.plan(make.treatment())
    make.write_step(row, 24, key="sun", position=2)
    make.publish_plan(row)
    rows = [waits, *note(AT + DAY + HOUR)]
    brought = [step.key for row in rows for step in Message.objects.get(pk=row.pk).brings]
    assert sorted(brought) == ["after-24", "sun"]
    assert keys(AT + DAY + 2 * HOUR) == []


def test_a_part_of_an_hours_steps_is_found_by_its_hash(together):
    first, _second, third = AftercareStep.objects.together_with(
        AftercareStep.objects.live().get(key="sun")
    )
    found = emails.find(versions.hash_of_steps((first, third), "ar"))
    assert ([step.key for step in found.steps], found.language) == (["after-24", "sport"], "ar")
    assert emails.find("0" * 64) is None


# --- The hash -----------------------------------------------------------------------------------------


def test_the_hash_of_aftercare_is_that_of_the_words_as_anybody_can_reckon_it():
    row, _now = of_kind(Kind.AFTERCARE, language="ar")
    step = row.step
    words = {
        "kind": "aftercare",
        "language": "ar",
        "steps": [
            {
                "body": step.body_ar,
                "emergency": step.emergency_ar,
                "key": "after-0",
                "red_flags": step.red_flags_ar,
                "subject": step.subject_ar,
                "title": step.title_ar,
            }
        ],
        "treatment": "mesotherapy",
        "version": 1,
    }
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert emails.wording_hash(row) == hashlib.sha256(text.encode()).hexdigest()


def test_other_words_another_version_or_language_have_another_hash():
    hashes = set()
    for words in ("One.", "Two."):
        for version in make.aftercare_steps(make.treatment(), hours=(0,), body_en=words):
            for language in ("en", "ar"):
                hashes.add(versions.hash_of_steps([version], language))
    assert len(hashes) == 4


def test_each_kind_and_language_has_a_hash_of_its_own_and_it_stays():
    found, visit = {}, make.confirmed()
    for kind in (Kind.CODE, Kind.CONFIRMED, Kind.REMINDER_1_DAY, Kind.CANCELLED):
        for language in ("en", "ar"):
            row = Message(consultation=visit, kind=kind, language=language)
            found[kind, language] = emails.wording_hash(row)
            assert emails.wording_hash(row) == found[kind, language]
    assert len(set(found.values())) == len(found) == 8


def test_the_hash_covers_every_template_that_an_e_mail_is_put_together_from():
    sources = versions._sources("confirmed")
    assert set(sources) >= {
        "bookings/email/confirmed.txt",
        "bookings/email/visit.txt",
        "bookings/email/base_email.txt",
        "bookings/email/base_email.html",
    }
    assert all(sources.values())
