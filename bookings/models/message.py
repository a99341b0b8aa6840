"""One e-mail that the clinic owes or has sent."""

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings.models.consultation import Consultation
from bookings.models.session import TreatmentSession
from clinic.i18n import Language
from clinic.models import AftercareStep


class Kind(models.TextChoices):
    """What an e-mail is for."""

    CODE = "code", _("code")
    OFFERED = "offered", _("time offered")
    REQUEST_RECEIVED = "request_received", _("request received")
    FINISH = "finish", _("finish your booking")
    LINK = "link", _("new link")
    CONFIRMED = "confirmed", _("confirmed")
    REMINDER_3_DAYS = "reminder_3_days", _("reminder, 3 days before")
    REMINDER_1_DAY = "reminder_1_day", _("reminder, 1 day before")
    MOVED = "moved", _("moved")
    CANCELLED = "cancelled", _("cancelled")
    HOLD_RAN_OUT = "hold_ran_out", _("hold ran out")
    AFTERCARE = "aftercare", _("aftercare")


class MessageState(models.TextChoices):
    """Where an e-mail stands."""

    OWED = "owed", _("owed")
    SENDING = "sending", _("sending")
    SENT = "sent", _("sent")
    DROPPED = "dropped", _("no longer owed")
    GAVE_UP = "gave_up", _("could not be sent")


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, *, now: dt.datetime) -> "MessageQuerySet":
        """To be sent now: owed, or left in sending by a sender whose lease is over."""
        return self.filter(
            Q(state=MessageState.OWED, next_try_at__lte=now)
            | Q(state=MessageState.SENDING, lease_until__lte=now)
        )

    def needing_staff(self) -> "MessageQuerySet":
        """Those that never arrived and that nobody will send again."""
        return self.filter(state=MessageState.GAVE_UP)


class Message(models.Model):
    """One e-mail. Rows come into being when due, once per (addressee, kind, about)."""

    consultation = models.ForeignKey(
        Consultation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("consultation"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    # What it is about: the reference with the visit's revision, the session and step, or the
    # code's serial, so that a visit moved away and back is told each time.
    about = models.CharField(_("about"), max_length=80)
    addressee = models.EmailField(_("to"))
    language = models.CharField(_("language"), max_length=2, choices=Language)
    session = models.ForeignKey(
        TreatmentSession, models.PROTECT, null=True, blank=True, related_name="messages"
    )
    step = models.ForeignKey(
        AftercareStep, models.PROTECT, null=True, blank=True, related_name="messages"
    )
    revision = models.PositiveIntegerField(_("visit's revision"), default=0)
    serial = models.PositiveIntegerField(_("code's or link's number"), default=0)

    state = models.CharField(
        _("state"), max_length=8, choices=MessageState, default=MessageState.OWED
    )
    due_at = models.DateTimeField(_("due at"))
    useful_until = models.DateTimeField(_("useful until"))
    next_try_at = models.DateTimeField(_("next try at"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease = models.PositiveIntegerField(default=0, editable=False)  # rises with each claim
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    trouble = models.CharField(_("trouble"), max_length=200, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ["-due_at", "-id"]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=["owed", "sending"]),
                name="message_to_send",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["addressee", "kind", "about"],
                name="one_message_per_addressee_kind_and_subject",
            ),
            models.CheckConstraint(
                name="a_sent_message_says_when",
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at=None)),
            ),
            models.CheckConstraint(
                name="a_message_being_sent_has_a_lease",
                condition=~Q(state="sending") | Q(lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="an_aftercare_message_names_its_session_and_step",
                condition=~Q(kind="aftercare") | Q(session__isnull=False, step__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.about})"
