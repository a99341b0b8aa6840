"""What is known of the clinic's mail relay, and of those who send: one row."""

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

PROBED_EVERY = dt.timedelta(seconds=5)


class Why(models.TextChoices):
    """Why no e-mail is sent just now."""

    NO_ANSWER = "no_answer", _("The mail server does not answer.")
    LOGIN = "login", _("The mail server does not accept our user name and password.")
    REFUSES_US = "refuses_us", _("The mail server refuses every e-mail of ours.")


class Relay(models.Model):
    """The mail relay: one row, which migration 0011 makes.

    While `opened_at` is set nobody sends, and one sender at a time asks it again every PROBED_EVERY (a
    circuit breaker): an e-mail that waits for the relay uses up no try of its own.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    # When somebody last asked what is owed: the beat of the senders. By the database's clock.
    ticked_at = models.DateTimeField(_("asked what is owed"), null=True)
    # How far the looks have come (bookings/looks.py): the last one, the oldest transaction that it could
    # not see to its end, and the last that read everything.
    looked_at = models.DateTimeField(null=True, editable=False)
    looked_through = models.BigIntegerField(null=True, editable=False)
    looked_at_all_at = models.DateTimeField(null=True, editable=False)
    accepted_at = models.DateTimeField(_("last took an e-mail"), null=True)
    refused_in_a_row = models.PositiveSmallIntegerField(default=0)
    # It has taken none since, and puts off what it is given (4xx): bookings/health.py.
    put_off_since = models.DateTimeField(null=True, editable=False)
    opened_at = models.DateTimeField(_("no e-mail is sent since"), null=True)
    why = models.CharField(_("why"), max_length=10, choices=Why, blank=True)
    answer = models.CharField(_("its answer"), max_length=20, blank=True)  # codes, no words
    probe_at = models.DateTimeField(_("next try"), null=True)

    class Meta:
        verbose_name = _("mail server")
        verbose_name_plural = _("mail server")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_relay"),
            models.CheckConstraint(
                name="a_relay_that_is_left_alone_says_why_and_until_when",
                condition=models.Q(opened_at=None, why="", probe_at=None)
                | (models.Q(opened_at__isnull=False, probe_at__isnull=False) & ~models.Q(why="")),
            ),
            models.CheckConstraint(
                name="a_look_says_when_how_far_and_when_all_was_read",
                condition=models.Q(looked_at=None, looked_through=None, looked_at_all_at=None)
                | models.Q(
                    looked_at__isnull=False,
                    looked_through__isnull=False,
                    looked_at_all_at__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return (
            str(Why(self.why).label) if self.why else str(_("The mail server takes our e-mails."))
        )
