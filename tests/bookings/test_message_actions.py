"""What staff can do about an e-mail that did not arrive, and what is refused."""

import pytest

import bookings.actions
from bookings import delivery
from bookings.models import NEEDS_STAFF, Message, MessageState, NotPossibleNow
from tests import make
from tests.bookings.mails import HOUR, NEXT_WEEK
from tests.bookings.owing import note
from tests.bookings.undelivered import to_staff, undelivered

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
NOW = make.NOW + HOUR


def retry(message: Message, now=NOW) -> Message:
    bookings.actions.retry(message=message, now=now)
    return Message.objects.get(pk=message.pk)


def refused(message: Message, now=NOW) -> str:
    """The sentence; nothing of the row has changed."""
    before = Message.objects.filter(pk=message.pk).values().get()
    with pytest.raises(NotPossibleNow) as refusal:
        bookings.actions.retry(message=message, now=now)
    assert Message.objects.filter(pk=message.pk).values().get() == before
    return str(refusal.value)


@pytest.mark.parametrize("state", ["bad_address", "bounced", "gave_up"])
def test_an_e_mail_that_is_sent_again_goes_with_the_next_round(smtp_sink, state):
    message = undelivered(state)
    assert retry(message).state == MessageState.OWED
    assert not Message.objects.needing_staff().exists()
    assert delivery.send_due(now=NOW) == 1
    (mail,) = smtp_sink.messages
    assert mail["To"] == message.addressee
    after = Message.objects.get(pk=message.pk)
    assert (after.state, after.trouble, after.bounced_at) == (MessageState.SENT, "", None)


def test_one_that_may_have_arrived_is_sent_once_more_with_a_flag_and_never_a_third_time(smtp_sink):
    message = undelivered("unknown", copies=1)
    retry(message)
    assert delivery.send_due(now=NOW) == 1
    after = Message.objects.get(pk=message.pk)
    assert (after.state, after.copies, after.perhaps_twice) == (MessageState.SENT, 2, True)
    Message.objects.update(state=MessageState.BOUNCED)
    assert "handed over twice already" in refused(message)


def test_it_needs_staff_again_when_it_fails_again(smtp_sink):
    message = undelivered("bad_address")
    smtp_sink.no_mailbox.add(message.addressee)
    retry(message)
    delivery.send_due(now=NOW)
    assert [row.state for row in Message.objects.needing_staff()] == [MessageState.BAD_ADDRESS]


def test_it_needs_staff_again_when_nobody_sent_it_in_its_time(smtp_sink):
    message = undelivered("gave_up")
    retry(message)
    delivery.send_due(now=NEXT_WEEK)
    assert [row.state for row in Message.objects.needing_staff()] == [MessageState.GAVE_UP]


def test_one_that_was_handed_over_twice_is_refused():
    assert "handed over twice already. Please phone." in refused(undelivered("unknown"))


def test_one_that_comes_too_late_is_refused():
    assert "too late for this e-mail" in refused(undelivered("gave_up"), now=NEXT_WEEK)


def test_one_that_is_not_owed_any_more_is_refused():
    message = undelivered("gave_up")
    bookings.actions.cancel(consultation=message.consultation, now=make.NOW, by_patient=True)
    assert "not owed any more" in refused(message)


def test_one_whose_address_has_changed_is_refused():
    message = undelivered("bad_address")
    visit = message.consultation
    type(visit).objects.filter(pk=visit.pk).update(email="right@example.com")
    assert "not owed any more" in refused(message)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("owed", "already waiting"),
        ("sent", "was sent already"),
        ("dropped", "not owed any more"),
    ],
)
def test_what_is_settled_is_refused_in_its_own_words(state, words):
    make.confirmed(starts_at=NEXT_WEEK)
    (message,) = note(make.NOW)
    given = {"sent_at": make.NOW, "dot_at": make.NOW, "copies": 1} if state == "sent" else {}
    Message.objects.filter(pk=message.pk).update(state=state, **given)
    assert words in refused(message)
    with pytest.raises(NotPossibleNow, match=words):
        bookings.actions.mark_as_phoned(message=message, by=make.staff(), now=NOW)


def test_all_that_could_not_be_put_together_are_tried_again_and_no_others(smtp_sink):
    stuck = [undelivered("gave_up"), undelivered("gave_up", starts_at=NEXT_WEEK + HOUR)]
    cancelled = undelivered("gave_up", starts_at=NEXT_WEEK + 2 * HOUR)
    bookings.actions.cancel(consultation=cancelled.consultation, now=make.NOW, by_patient=True)
    others = [
        undelivered("bad_address", starts_at=NEXT_WEEK + 3 * HOUR),
        undelivered("gave_up", starts_at=NEXT_WEEK + 4 * HOUR, trouble=delivery.NO_ANSWER),
        undelivered("gave_up", starts_at=NEXT_WEEK + 5 * HOUR, phoned_at=make.NOW),
    ]
    assert bookings.actions.retry_unwritten(now=NOW) == 2
    owed = Message.objects.filter(state=MessageState.OWED, kind="confirmed")
    assert set(owed) == set(stuck)
    for row in (cancelled, *others):
        assert Message.objects.get(pk=row.pk).state == row.state
    assert bookings.actions.retry_unwritten(now=NOW) == 0


@pytest.mark.parametrize("state", NEEDS_STAFF)
def test_who_phoned_and_when_is_kept_once_and_can_be_taken_back(state):
    message, by = undelivered(state), make.staff()
    bookings.actions.mark_as_phoned(message=message, by=by, now=NOW)
    again = bookings.actions.mark_as_phoned(message=message, by=make.staff("other"), now=NOW + HOUR)
    assert (again.phoned_by, again.phoned_at) == (by, NOW)
    assert not Message.objects.needing_staff().exists()
    bookings.actions.undo_phoned(message=message)
    assert Message.objects.needing_staff().get() == message


def test_an_e_mail_to_staff_is_sent_again_and_marked_alike():
    message = to_staff()
    bookings.actions.mark_as_phoned(message=message, by=make.staff(), now=NOW)
    assert retry(message).state == MessageState.OWED
    assert Message.objects.get().phoned_at is None
