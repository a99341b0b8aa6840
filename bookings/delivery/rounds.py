"""One sender's round over what is due."""

import datetime as dt
import logging
import time
from functools import cached_property
from typing import Any

from django.core.mail import EmailMessage
from django.db import InterfaceError, OperationalError, connection

from bookings import emails, links, owing
from bookings.delivery import claims, relay
from bookings.delivery.line import (
    NO_ANSWER,
    NOT_NOW,
    REFUSED,
    Aborted,
    BadAddress,
    Line,
    LoginRefused,
    NobodyKnows,
    NotNow,
    NotTaken,
    RefusesUs,
    Unreachable,
)
from bookings.models import Message, MessageState, Why
from clinic.models import Clinic

logger = logging.getLogger(__name__)

CLAIMED_AT_ONCE = 20
LATE_AT_ONCE = 500
# Seconds. With the slowest e-mail after it (line.BEFORE_THE_DOT and AFTER_THE_DOT), a round ends before
# the worker's limit for a task cuts it short.
ROUND_LASTS = 8
# Seconds after a claim in which its leases are as good as new, and the look at what is owed as well. Only
# what is written in vain could be saved by another look: the mark before the dot looks again.
FRESH = 5
BROKEN_LINES = 3  # in a row end the round
DATABASE_IS_AWAY = (OperationalError, InterfaceError)
STAMPED_WITHIN, STAMPED_EVERY = 10.0, 0.2  # seconds


def send_due(*, now: dt.datetime) -> int:
    """Sends what is due at `now`, codes first, over one connection; gives how many were sent.

    A round ends when nothing more is due, after ROUND_LASTS, or when the relay is left alone.
    """
    claims.let_go_of_the_dead(now=now)
    with relay.a_connection() as allowed:
        if not allowed:
            return 0
        if relay.is_used():
            return Round(now).run(at_once=CLAIMED_AT_ONCE)
        probed = relay.probe(now=now)
        return Round(now).probe(probed.why) if probed else Round(now).end_late()


class Round:
    """The rows that one sender has claimed, and its line to the relay."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.line = Line()
        self.claimed_at = 0.0
        self.owed: set[int] = set()
        self.sent = 0
        self.accepted = False  # since the relay was last told so
        self.broken_lines = 0
        self.is_over = False
        self.asked = False  # whether the relay has said anything about an e-mail

    @cached_property
    def clinic(self) -> Clinic:
        """Read once: every e-mail of a round has its name and phone."""
        return Clinic.objects.get()

    def run(self, *, at_once: int) -> int:
        until = time.monotonic() + ROUND_LASTS
        try:
            while not self.is_over and time.monotonic() < until:
                claimed = self._claim(at_most=at_once)
                if not claimed:
                    break
                for message in claimed:
                    if self.is_over or time.monotonic() > until:
                        claims.put_back(message)
                    else:
                        self._deliver(message)
                self._tell_accepted()
        finally:
            self.line.close()
        return self.sent

    def probe(self, why: str) -> int:
        """Does the relay work again? One that did not talk to us is called; one that refused us is asked."""
        self.end_late()
        try:
            if why == Why.REFUSES_US:
                self._ask()
            else:
                self.line.open()
                relay.answers_again()
                self.run(at_once=1)
        except (Unreachable, LoginRefused):
            pass
        finally:
            self.line.close()
        return self.sent

    def _ask(self) -> None:
        """Goes on until one e-mail was really put to the relay; any answer but that refusal will do."""
        until = time.monotonic() + ROUND_LASTS
        while not self.asked and time.monotonic() < until:
            claimed = claims.claim(now=self.now, at_most=1, new_first=True)
            if not claimed:
                return
            self._look_at(claimed)
            self._deliver(claimed[0])
        self._tell_accepted()

    def end_late(self) -> int:
        """While nobody sends, what has become useless is ended, for staff to see."""
        for message in claims.claim(now=self.now, at_most=LATE_AT_ONCE, only_late=True):
            claims.end_late(message)
        return 0

    def _claim(self, *, at_most: int) -> list[Message]:
        """Some rows, and in one look which of them are still owed."""
        claimed = claims.claim(now=self.now, at_most=at_most)
        self._look_at(claimed)
        return claimed

    def _look_at(self, claimed: list[Message]) -> None:
        self.claimed_at = time.monotonic()
        try:
            self.owed = owing.which_are_owed(claimed, now=self.now)
        except DATABASE_IS_AWAY:
            raise
        except Exception as error:  # one of them cannot be asked about: each is, by itself
            logger.error("one of %s messages cannot be looked at: %r", len(claimed), type(error))
            self.claimed_at -= FRESH

    def _deliver(self, message: Message) -> None:
        """One e-mail, if it is still owed; what the relay says of it is written down.

        One that cannot be written, or asked about, must not stop the others.
        """
        try:
            self._deliver_if_owed(message)
        except DATABASE_IS_AWAY:
            raise  # that says nothing about this e-mail: its lease runs out
        except Exception as error:
            logger.error("message %s cannot be written: %s", message.pk, type(error).__name__)
            claims.cannot_be_written(message)

    def _deliver_if_owed(self, message: Message) -> None:
        if time.monotonic() > self.claimed_at + FRESH:
            if not claims.renew(message):
                return  # the batch took so long that another sender has it now
            self.owed = owing.which_are_owed([message], now=self.now)
        if message.useful_until <= self.now:
            claims.end_late(message)
        elif message.pk not in self.owed:
            claims.end(message, MessageState.DROPPED)
        elif (morning := owing.quiet_until(message, now=self.now)) > self.now:
            claims.put_back(message, next_try_at=morning)
        else:
            email = emails.compose(message, now=self.now, clinic=self.clinic)
            self._hand_over(message, email, wording=emails.wording_hash(message))

    def _hand_over(self, message: Message, email: EmailMessage, *, wording: str) -> None:
        def before_the_dot() -> None:
            if not claims.mark_the_dot(message, wording=wording, now=self.now):
                raise Aborted

        try:
            sender = links.bounce_address(message.pk)
            self.line.send(email, sender=sender, before_the_dot=before_the_dot)
        except Aborted:
            if not owing.still_owed(message, now=self.now):
                claims.end(message, MessageState.DROPPED)
            else:  # it took so long that the lease was lost, or nearly
                claims.try_later(message, NOT_NOW, answer="", now=self.now)
        except NotTaken as refusal:
            self._not_taken(message, refusal)
        else:
            self.asked = True
            _stamp(message)
            self.sent += 1
            self.accepted, self.broken_lines = True, 0

    def _not_taken(self, message: Message, refusal: NotTaken) -> None:
        self.asked = True
        if isinstance(refusal, NobodyKnows):
            claims.nobody_knows(message, now=self.now)
            self._line_broke()
            return
        claims.refused_after_the_dot(message)
        self._tell_accepted()
        if isinstance(refusal, Unreachable | LoginRefused):
            self.is_over = True
            why = Why.LOGIN if isinstance(refusal, LoginRefused) else Why.NO_ANSWER
            relay.leave_alone(why, answer=refusal.answer, now=self.now)
            claims.put_back(message, trouble=NO_ANSWER, answer=refusal.answer)
        elif isinstance(refusal, BadAddress):
            self._bad_address(message, refusal)
        elif isinstance(refusal, RefusesUs):
            claims.try_later(
                message, REFUSED, answer=refusal.answer, refused_at=self.now, now=self.now
            )
            self._refused(message, refusal)
        else:
            claims.try_later(
                message, NOT_NOW, answer=refusal.answer, put_off_at=self.now, now=self.now
            )
            relay.answers_again()
            relay.put_off(now=self.now)
            if isinstance(refusal, NotNow) and refusal.line_is_broken:
                self._line_broke()

    def _bad_address(self, message: Message, refusal: BadAddress) -> None:
        """Beyond doubt, or only as far as the relay takes other e-mails."""
        because: dict[str, Any] = {"answer": refusal.answer, "refused_at": self.now}
        if message.refused_at and not refusal.names_the_mailbox and relay.is_suspected(message):
            claims.try_later(message, REFUSED, now=self.now, **because)
            return
        claims.end(message, MessageState.BAD_ADDRESS, trouble=claims.ADDRESS_REFUSED, **because)
        if refusal.names_the_mailbox:
            relay.answers_again()
        else:
            self._refused(message, refusal)

    def _refused(self, message: Message, refusal: NotTaken) -> None:
        relay.refused(message, answer=refusal.answer, now=self.now)
        self.is_over = not relay.is_used()

    def _line_broke(self) -> None:
        self.broken_lines += 1
        self.is_over = self.is_over or self.broken_lines >= BROKEN_LINES

    def _tell_accepted(self) -> None:
        if self.accepted:
            relay.took(now=self.now)
            self.accepted = False


def _stamp(message: Message) -> None:
    """The relay's yes is written down; while the database is away, again and again for some seconds.

    Should its lease end meanwhile, a late stamp still spares the second copy that is not marked yet.
    """
    until = time.monotonic() + STAMPED_WITHIN
    while True:
        try:
            return claims.sent(message)
        except DATABASE_IS_AWAY as error:
            if time.monotonic() > until:
                raise
            logger.warning("message %s is not stamped yet: %s", message.pk, type(error).__name__)
            connection.close()
            time.sleep(STAMPED_EVERY)
