"""The ledger: signed entries of canonical bytes, and the tree that makes a missing one seen."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bookings.models import Consultation


class EntryKind(models.TextChoices):
    """What an entry records."""

    RECORD = "record", _("consent record")
    REVIEW = "review", _("review")
    WITHDRAWAL = "withdrawal", _("withdrawal")
    DECLINED = "declined", _("declined")
    PUBLICATION = "publication", _("publication")
    ERASURE = "erasure", _("erasure")
    ROTATION = "rotation", _("change of the key")


class LedgerEntry(models.Model):
    """One thing that happened: its canonical bytes, their hash, and the clinic's signature.

    The bytes are RFC 8785 JSON and hold no personal value, only salted commitments. Everything in
    the other columns stands in the bytes too; PostgreSQL refuses an entry where it does not.
    """

    kind = models.CharField(_("kind"), max_length=11, choices=EntryKind)
    consultation = models.ForeignKey(
        Consultation,
        models.PROTECT,
        null=True,
        related_name="ledger_entries",
        verbose_name=_("consultation"),
    )
    content = models.BinaryField(_("canonical bytes"))
    entry_hash = models.CharField(_("hash"), max_length=64, unique=True)  # SHA-256, hex
    key_id = models.CharField(_("key"), max_length=64)  # SHA-256 of the public key, hex
    signature = models.BinaryField(_("signature"), max_length=64)  # Ed25519, RFC 8032
    # Of the older key, when a rotation hands over to a new one.
    cosignature = models.BinaryField(null=True, max_length=64)
    written_at = models.DateTimeField(_("written at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="an_entry_names_a_consultation_unless_it_is_of_none",
                condition=Q(kind__in=["publication", "rotation"], consultation=None)
                | (~Q(kind__in=["publication", "rotation"]) & Q(consultation__isnull=False)),
            ),
            models.CheckConstraint(
                name="only_a_change_of_the_key_is_signed_twice",
                condition=Q(kind="rotation", cosignature__isnull=False)
                | (~Q(kind="rotation") & Q(cosignature=None)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["consultation"], condition=Q(kind="erasure"), name="entry_of_an_erasure"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.entry_hash[:8]}"


class TreeNode(models.Model):
    """The hash of one complete subtree (RFC 9162 section 2.1): 2**level leaves, from index * 2**level.

    Level 0 is a leaf and belongs to its entry. A place is taken once, so that no two trees can grow.
    """

    level = models.PositiveSmallIntegerField(_("level"))
    index = models.PositiveBigIntegerField(_("index"))
    hash = models.BinaryField(_("hash"), max_length=32)
    entry = models.OneToOneField(
        LedgerEntry, models.PROTECT, null=True, related_name="leaf", verbose_name=_("entry")
    )
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("tree node")
        verbose_name_plural = _("tree nodes")
        constraints = [
            models.UniqueConstraint(fields=["level", "index"], name="one_tree_and_no_fork"),
            models.CheckConstraint(
                name="a_leaf_is_an_entry",
                condition=Q(level=0, entry__isnull=False) | Q(level__gt=0, entry=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class TreeHead(models.Model):
    """The tree's root at one size, signed: who has it can tell when a leaf before it changes."""

    size = models.PositiveBigIntegerField(_("entries"), unique=True)
    root = models.BinaryField(_("root"), max_length=32)
    content = models.BinaryField(_("canonical bytes"))
    key_id = models.CharField(_("key"), max_length=64)
    signature = models.BinaryField(_("signature"), max_length=64)
    signed_at = models.DateTimeField(_("signed at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("tree head")
        verbose_name_plural = _("tree heads")
        ordering = ["-size"]

    def __str__(self) -> str:
        return str(self.size)


class Place(models.TextChoices):
    """Where heads are kept outside the database."""

    FILE = "file", _("file")
    MAIL = "mail", _("e-mail")
    TSA = "tsa", _("time-stamping authority")


class AnchorPlace(models.Model):
    """How far one place outside the database has come, and what is wrong with it. Changes in place."""

    place = models.CharField(_("place"), max_length=4, choices=Place, unique=True)
    size = models.PositiveBigIntegerField(_("entries"), default=0)
    anchored_at = models.DateTimeField(_("anchored at"), null=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    next_try_at = models.DateTimeField(_("next try at"), null=True)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("anchor")
        verbose_name_plural = _("anchors")
        ordering = ["place"]

    def __str__(self) -> str:
        return self.get_place_display()


class Outcome(models.TextChoices):
    """What a run of the verification found, the worst of it."""

    SOUND = "sound", _("sound")
    LATE = "late", _("sound, but something is late")
    TAMPERED = "tampered", _("tampered with")


class Verification(models.Model):
    """One run of `verify_ledger`: how far it looked, and what it found, signed by the ledger's key.

    A row that is not signed is believed by nobody: the application's role may add rows.
    """

    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"))
    from_size = models.PositiveBigIntegerField(_("from entry"), default=0)
    size = models.PositiveBigIntegerField(_("entries"))
    root = models.CharField(_("root"), max_length=64, blank=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    # [{"kind": "tampered" | "erased" | "unsealed" | "late" | "clock", "about": ..., "says": ...}]
    findings = models.JSONField(_("findings"), default=list)
    counts = models.JSONField(_("counts"), default=dict)
    # What the other columns say (consent.verifying.runs), once: a sound run cannot be added again.
    content = models.BinaryField(_("canonical bytes"), null=True)
    key_id = models.CharField(_("key"), max_length=64, blank=True, default="")
    signature = models.BinaryField(_("signature"), max_length=64, null=True)
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["content"], name="a_run_is_written_down_once"),
        ]

    def __str__(self) -> str:
        return f"{self.finished_at:%Y-%m-%d %H:%M} {self.outcome}"
