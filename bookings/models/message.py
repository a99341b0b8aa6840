"""One e-mail that the clinic owes or has sent."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from bookings.models.consultation import Consultation
from bookings.models.message_kinds import CODES_FIRST, NEEDS_STAFF, Kind, MessageState, Phase
from bookings.models.session import TreatmentSession
from clinic.i18n import Language
from clinic.models import AftercareStep

COPIES_AT_MOST = 2
# The addressee is still one that we write to: a mailbox that the patient has left needs nobody, nor does a
# new address that was put aside or has been proven since.
TO_AN_ADDRESS_IN_USE = (
    Q(consultation=None)
    | Q(kind=Kind.NEW_ADDRESS, consultation__new_email=F("addressee"))
    | (~Q(kind=Kind.NEW_ADDRESS) & Q(consultation__email=F("addressee")))
)


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, *, now: dt.datetime) -> "MessageQuerySet":
        """To be sent now: owed, or left in sending by a sender whose lease is over."""
        return self.filter(
            Q(state=MessageState.OWED, next_try_at__lte=now)
            | Q(state=MessageState.SENDING, lease_until__lte=now)
        )

    def unsent(self) -> "MessageQuerySet":
        """Those that are still to be sent, or are being sent."""
        return self.filter(state__in=[MessageState.OWED, MessageState.SENDING])

    def needing_staff(self) -> "MessageQuerySet":
        """Those that did not arrive, or perhaps not, and that nobody will send again.

        Nobody has said yet that they took care of it, and the address is still in use.
        """
        return self.filter(TO_AN_ADDRESS_IN_USE, state__in=NEEDS_STAFF, phoned_at=None)

    def bringing(self, step: AftercareStep) -> "MessageQuerySet":
        """The e-mails of aftercare that brought a step, in whatever version of its plan, or will.

        One that was dropped brought nothing, unless it was handed over. That too is not for long where
        the step is its own: should it be owed again, its row goes once more.
        """
        found = self.filter(
            step__plan__steps__key=step.key,
            step__plan__steps__hours_after=F("step__hours_after"),
        )
        own = Q(step__key=step.key, step__hours_after=step.hours_after)
        return found.exclude(Q(state=MessageState.DROPPED) & (Q(copies=0) | own))


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
        TreatmentSession,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        db_index=False,
    )
    step = models.ForeignKey(
        AftercareStep,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        db_index=False,
    )
    revision = models.PositiveIntegerField(_("visit's revision"), default=0)
    serial = models.PositiveIntegerField(_("code's or link's number"), default=0)
    # What an e-mail to staff says; one to a patient is written when it is sent.
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(_("text"), blank=True)

    state = models.CharField(
        _("state"), max_length=12, choices=MessageState, default=MessageState.OWED
    )
    due_at = models.DateTimeField(_("due at"))
    useful_until = models.DateTimeField(_("useful until"))
    next_try_at = models.DateTimeField(_("next try at"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease = models.PositiveIntegerField(
        default=0, editable=False
    )  # the fence: rises with each claim
    # Marked in a transaction of its own just before the dot that hands the e-mail over.
    phase = models.CharField(max_length=3, choices=Phase, blank=True, editable=False)
    dot_at = models.DateTimeField(_("handed over at"), null=True, blank=True, editable=False)
    # How many were handed over, with a "yes" or without an answer; more than one is "perhaps twice".
    copies = models.PositiveSmallIntegerField(_("copies"), default=0, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    # Which version of the words was sent: SHA-256, hexadecimal (bookings/emails/versions.py).
    wording = models.CharField(_("version of the words"), max_length=64, blank=True)
    trouble = models.CharField(_("trouble"), max_length=200, blank=True)
    answer = models.CharField(_("the mail server's answer"), max_length=20, blank=True)
    put_off_at = models.DateTimeField(null=True, blank=True, editable=False)  # last, by 4xx
    refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    bounced_at = models.DateTimeField(_("came back at"), null=True, blank=True)
    phoned_at = models.DateTimeField(_("taken care of at"), null=True, blank=True)
    phoned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken care of by"),
        db_index=False,
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ["-due_at", "-id"]
        indexes = [
            # In the order in which they are claimed, so that the first twenty of very many are found
            # without a look at the others.
            models.Index(
                CODES_FIRST,
                F("next_try_at"),
                F("id"),
                condition=Q(state__in=["owed", "sending"]),
                name="message_to_send",
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(
                    state__in=["bad_address", "bounced", "unknown", "gave_up"], phoned_at=None
                ),
                name="message_needs_staff",
            ),
            models.Index(fields=["-due_at", "-id"], name="message_newest_first"),
            # Few have any: each index costs whatever is sent four entries.
            models.Index(
                fields=["session"], condition=Q(session__isnull=False), name="message_of_a_session"
            ),
            models.Index(
                fields=["step"], condition=Q(step__isnull=False), name="message_of_a_step"
            ),
            models.Index(
                fields=["phoned_by"],
                condition=Q(phoned_by__isnull=False),
                name="message_taken_care_of_by",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["addressee", "kind", "about"],
                name="one_message_per_addressee_kind_and_subject",
            ),
            models.CheckConstraint(
                name="a_sent_message_says_when",
                condition=Q(state="sent", sent_at__isnull=False)
                | Q(state="bounced")
                | (~Q(state__in=["sent", "bounced"]) & Q(sent_at=None)),
            ),
            models.CheckConstraint(
                name="a_message_being_sent_has_a_lease",
                condition=~Q(state="sending") | Q(lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="the_dot_is_marked_only_while_it_is_sent",
                condition=Q(phase="") | Q(phase="dot", state="sending", copies__gt=0),
            ),
            models.CheckConstraint(
                name="there_are_never_more_than_two_copies",
                condition=Q(copies__lte=COPIES_AT_MOST),
            ),
            models.CheckConstraint(
                name="what_was_sent_was_handed_over",
                condition=~Q(state__in=["sent", "unknown"]) | Q(copies__gt=0, dot_at__isnull=False),
            ),
            models.CheckConstraint(
                name="an_aftercare_message_names_its_session_and_step",
                condition=~Q(kind="aftercare") | Q(session__isnull=False, step__isnull=False),
            ),
            models.CheckConstraint(
                name="a_message_to_staff_brings_its_words",
                condition=Q(consultation=None, kind__in=["anchor", "looked", "bounce"])
                & ~Q(body="")
                | Q(consultation__isnull=False, body="", subject="")
                & ~Q(kind__in=["anchor", "looked", "bounce"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.about})"

    @property
    def is_to_staff(self) -> bool:
        return self.consultation_id is None

    @property
    def needs_staff(self) -> bool:
        """The same as `needing_staff` asks of many."""
        if self.state not in NEEDS_STAFF or self.phoned_at is not None:
            return False
        if self.consultation is None:
            return True
        is_new = self.kind == Kind.NEW_ADDRESS
        in_use = self.consultation.new_email if is_new else self.consultation.email
        return self.addressee == in_use

    @cached_property
    def brings(self) -> tuple[AftercareStep, ...]:
        """The steps that an e-mail of aftercare brings: those at the hour of its own, as the plan is now.

        Without those that another e-mail of the session brings. Where the plan has its own step no
        more: those of the version under which it was noted. Read once, so that what is written and what
        is noted of it are the same version.
        """
        if self.session is None or self.step is None:
            return ()
        now = AftercareStep.objects.live().filter(
            plan__treatment=self.session.treatment_id, key=self.step.key
        )
        own = now.first() or self.step
        others = Message.objects.filter(session=self.session, addressee=self.addressee)
        others = others.exclude(pk=self.pk)
        return tuple(
            step
            for step in AftercareStep.objects.together_with(own)
            if step == own or not others.bringing(step).exists()
        )

    @property
    def own_step(self) -> AftercareStep | None:
        """The one of them that it is known by."""
        return next((step for step in self.brings if self.step and step.key == self.step.key), None)

    @property
    def perhaps_twice(self) -> bool:
        """Whether a second copy was handed over, as nobody knew whether the first had arrived."""
        return self.copies > 1
