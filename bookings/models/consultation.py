"""One patient's request and its visit, from the first click to the outcome."""

import datetime as dt
import logging
import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from bookings.models.guarantees import CONSTRAINTS, HAPPENED, INDEXES
from bookings.models.hours import Weekday
from bookings.models.patient import Patient
from bookings.models.queries import ConsultationQuerySet
from bookings.models.status import (
    TRANSITIONS,
    PartOfDay,
    Proof,
    Status,
)
from bookings.receipts import Receipt, signature_from
from clinic.errors import NotPossibleNow
from clinic.i18n import Language
from clinic.models import Concern, Dermatologist, Treatment, known_zone, zone_or_clinics

logger = logging.getLogger(__name__)

REFERENCE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U


def new_reference() -> str:
    """Eight letters and digits that can be read out on the phone."""
    return "".join(secrets.choice(REFERENCE_LETTERS) for _letter in range(8))


class Consultation(models.Model):
    """One patient's request and its visit. Times are stored in UTC; the clinic's zone decides."""

    reference = models.CharField(
        _("reference"), max_length=8, unique=True, default=new_reference, editable=False
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    asked_at = models.DateTimeField(_("asked at"))
    is_demo = models.BooleanField(_("demo data"), default=False, editable=False)

    # What it is about, and the visit.
    treatment = models.ForeignKey(
        Treatment, models.PROTECT, null=True, blank=True, verbose_name=_("treatment")
    )
    concern = models.ForeignKey(
        Concern, models.PROTECT, null=True, blank=True, verbose_name=_("concern")
    )
    dermatologist = models.ForeignKey(
        Dermatologist,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="consultations",
        verbose_name=_("dermatologist"),
    )
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    # Rises with each move: the SEQUENCE of RFC 5545 section 3.8.7.4.
    revision = models.PositiveIntegerField(_("revision"), default=0)
    held_at = models.DateTimeField(_("held since"), null=True, blank=True)
    hold_expires_at = models.DateTimeField(_("held until"), null=True, blank=True)
    # Reception chose this time for the patient: it is held for a day, not for twenty minutes.
    time_chosen_by_staff = models.BooleanField(default=False, editable=False)
    # The waiting list offered this time: it is held for two hours (Offer keeps them all).
    offered_at = models.DateTimeField(_("offered at"), null=True, blank=True, editable=False)
    own_video_room = models.URLField(_("video room of this visit"), blank=True)

    # For a request without a time.
    preferred_days = ArrayField(
        models.PositiveSmallIntegerField(choices=Weekday),
        default=list,
        blank=True,
        verbose_name=_("days that suit"),
    )
    preferred_part = models.CharField(
        _("part of the day"), max_length=9, choices=PartOfDay, default=PartOfDay.ANY
    )
    preferred_dermatologist = models.ForeignKey(
        Dermatologist,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("preferred dermatologist"),
    )

    # What was typed. It stays here, and only here, until the address is proven.
    patient_name = models.CharField(_("name"), max_length=120)
    birth_date = models.DateField(_("date of birth"), null=True)  # None once it is erased
    guardian_name = models.CharField(_("guardian"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    mobile = PhoneNumberField(_("mobile"))
    language = models.CharField(_("language"), max_length=2, choices=Language)
    zone = models.CharField(_("time zone"), max_length=64, validators=[known_zone])
    names_treatment = models.BooleanField(_("e-mails may name the treatment"), default=False)
    ip = models.GenericIPAddressField(null=True, blank=True, editable=False)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("entered by"),
    )

    # The proof of the address. Code and link are derived from the serial, never stored.
    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="consultations",
        verbose_name=_("patient"),
    )
    proven_at = models.DateTimeField(_("address proven at"), null=True, blank=True)
    proven_by = models.CharField(_("proven by"), max_length=10, choices=Proof, blank=True)
    proven_note = models.CharField(_("who saw the person, and why"), max_length=200, blank=True)
    code_serial = models.PositiveIntegerField(default=0, editable=False)
    code_issued_at = models.DateTimeField(null=True, blank=True, editable=False)
    code_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    link_serial = models.PositiveIntegerField(default=1, editable=False)
    link_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    link_asked_at = models.DateTimeField(null=True, blank=True, editable=False)

    # A new address counts only once it is proven: then the one before is told of it, and nothing more.
    new_email = models.EmailField(_("new e-mail, not proven yet"), blank=True, editable=False)
    former_email = models.EmailField(_("e-mail before that"), blank=True, editable=False)
    email_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The tips after a session were stopped (RFC 8058); e-mails about a visit cannot be.
    tips_stopped_at = models.DateTimeField(
        _("tips stopped at"), null=True, blank=True, editable=False
    )

    # Neutral columns about the risks; the app that keeps them writes here through the actions.
    risks_total = models.PositiveSmallIntegerField(_("risks"), default=0, editable=False)
    risks_acknowledged = models.PositiveSmallIntegerField(
        _("risks acknowledged"), default=0, editable=False
    )
    risks_acknowledged_at = models.DateTimeField(null=True, blank=True, editable=False)
    wants_to_talk = models.BooleanField(_("wants to talk"), default=False, editable=False)
    asks_again_since = models.DateTimeField(null=True, blank=True, editable=False)
    receipt = models.CharField(_("receipt"), max_length=64, blank=True, editable=False)
    # The clinic's signature of what the receipt names (base64url), and the key's fingerprint.
    receipt_signature = models.CharField(max_length=86, blank=True, editable=False)
    receipt_key = models.CharField(max_length=64, blank=True, editable=False)

    # Why it was moved last, and how it ended.
    move_reason = models.CharField(_("reason of the move"), max_length=300, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    outcome_at = models.DateTimeField(_("outcome noted at"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    cancelled_by_patient = models.BooleanField(_("cancelled by the patient"), default=False)
    # Or staff did, for a patient who asked them to.
    cancelled_on_the_phone = models.BooleanField(
        _("cancelled by the patient, on the phone"), default=False
    )
    cancel_reason = models.CharField(_("reason"), max_length=300, blank=True)

    # Everything that says who it was is gone (bookings/actions/scrubbing.py); it never comes back.
    erased_at = models.DateTimeField(_("erased at"), null=True, editable=False)
    # The transaction that changed it last: the database says so (migration 0012, bookings/looks.py).
    changed_in = models.BigIntegerField(default=0, editable=False)
    # The latest of what happened to it.
    latest_at = models.GeneratedField(
        expression=Greatest(*HAPPENED),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        verbose_name = _("consultation")
        verbose_name_plural = _("consultations")
        ordering = ["starts_at", "id"]
        indexes = INDEXES
        constraints = CONSTRAINTS

    def __str__(self) -> str:
        return self.grouped_reference

    @property
    def grouped_reference(self) -> str:
        """The reference in two groups of four, as people read it out: K7QM-2F4D."""
        return f"{self.reference[:4]}-{self.reference[4:]}"

    @property
    def own_receipt(self) -> Receipt | None:
        """The receipt of the record that stands, or None before there is one."""
        signature = signature_from(self.receipt_signature)
        return Receipt(self.receipt, signature, self.receipt_key) if signature else None

    @property
    def video_room(self) -> str:
        """The address of this visit's video room: its own, or the dermatologist's."""
        return self.own_video_room or (self.dermatologist.video_room if self.dermatologist else "")

    @property
    def zone_that_counts(self) -> str:
        """The patient's zone; the clinic's where theirs is one that nobody knows (any more)."""
        zone = zone_or_clinics(self.zone)
        if zone != self.zone:
            logger.error("consultation %s has an unknown zone: the clinic's counts", self.pk)
        return zone

    @property
    def addressee_name(self) -> str:
        """Who reads the e-mails: the guardian where there is one."""
        return self.guardian_name or self.patient_name

    @property
    def is_proven(self) -> bool:
        return self.proven_at is not None

    @property
    def can_change_address(self) -> bool:
        """Whether its proven address can be changed; before the proof it is corrected where it was typed."""
        return self.is_proven and self.status != Status.CANCELLED

    @property
    def is_erased(self) -> bool:
        """Whether nothing is known of the person any longer."""
        return self.erased_at is not None

    @property
    def has_all_risks_acknowledged(self) -> bool:
        return 0 < self.risks_total == self.risks_acknowledged

    @property
    def gave_way(self) -> bool:
        """Whether its time was let go at the proof, as the same person has another visit then."""
        at_the_proof = self.proven_at is not None and self.hold_expires_at == self.proven_at
        return self.status == Status.EXPIRED and at_the_proof

    def hold_has_run_out(self, *, now: dt.datetime) -> bool:
        """Whether its time is no longer kept for it."""
        return self.status == Status.EXPIRED or (
            self.status == Status.HELD
            and self.hold_expires_at is not None
            and self.hold_expires_at <= now
        )

    def move_to(self, status: str) -> None:
        """Changes the status in memory. Raises NotPossibleNow where TRANSITIONS has no such step."""
        if status not in TRANSITIONS[self.status]:
            raise NotPossibleNow(
                _("This cannot be done: the consultation is now “%(status)s”.")
                % {"status": self.get_status_display()}
            )
        self.status = status
