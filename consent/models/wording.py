"""The listed side effects of a treatment, version by version, in each language."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.i18n import Translated, text_in
from clinic.models import Treatment, Version, VersionState
from consent.models.ledger import LedgerEntry


class Change(models.TextChoices):
    """What a version is to the one before it, as its writer says."""

    FIRST = "first", _("the first version")
    MATERIAL = "material", _("a change of what is said: booked patients are asked again")
    EDITORIAL = "editorial", _("a change of how it is said: nobody is asked again")


class RiskListQuerySet(models.QuerySet["RiskList"]):
    def live_for(self, treatment: Treatment) -> "RiskList | None":
        """The one published list of a treatment, or None."""
        return self.filter(treatment=treatment, state=VersionState.PUBLISHED).first()

    def kept_live_for(self, treatment_id: int | None) -> "RiskList | None":
        """The published list of a treatment, which nobody retires until this transaction ends.

        To be asked for before any consultation is locked: a publication takes its locks in that order.
        Readers do not wait for each other (FOR SHARE), only for a publication under way.
        """
        live = self.raw(
            "SELECT id, treatment_id, version, state FROM consent_risklist"
            " WHERE treatment_id = %s AND state = 'published' FOR SHARE",
            [treatment_id],
        )
        return next(iter(live), None)


class RiskList(Version):
    """The versioned list of the side effects of one treatment."""

    treatment = models.ForeignKey(
        Treatment, models.PROTECT, related_name="risk_lists", verbose_name=_("treatment")
    )
    # What stands beside the tick of each risk.
    statement_en = models.CharField(_("statement (English)"), max_length=200)
    statement_ar = models.CharField(_("statement (Arabic)"), max_length=200)
    entry = models.OneToOneField(
        LedgerEntry,
        models.PROTECT,
        null=True,
        editable=False,
        to_field="entry_hash",
        related_name="risk_list",
        verbose_name=_("ledger entry"),
    )
    # Said when the list is sent to review.
    change = models.CharField(
        _("kind of change"), max_length=9, choices=Change, blank=True, editable=False
    )
    # The dermatologist's look at exactly these words; void once the list is a draft again.
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("reviewed by"),
    )
    reviewer_licence = models.CharField(
        _("licence number"), max_length=40, blank=True, editable=False
    )

    statement = Translated()
    objects = RiskListQuerySet.as_manager()

    class Meta:
        verbose_name = _("risk list")
        verbose_name_plural = _("risk lists")
        ordering = ["treatment", "-version"]
        permissions = [("publish_risklist", "Can publish risk list")]
        constraints = [
            models.UniqueConstraint(
                fields=["treatment", "version"], name="a_version_is_listed_once_per_treatment"
            ),
            models.UniqueConstraint(
                fields=["treatment"],
                condition=Q(state="published"),
                name="one_live_risk_list_per_treatment",
            ),
            models.CheckConstraint(
                name="a_published_list_says_when_and_by_whom",
                condition=~Q(state__in=["published", "retired"])
                | Q(published_at__isnull=False, published_by__isnull=False),
            ),
            models.CheckConstraint(
                name="a_list_is_published_by_a_second_person",
                condition=Q(published_by=None) | ~Q(published_by=models.F("written_by")),
            ),
            models.CheckConstraint(
                name="a_list_in_review_says_its_change_and_its_writer",
                condition=Q(state="draft")
                | (Q(change__in=Change.values, written_by__isnull=False) & ~Q(change_note="")),
            ),
            models.CheckConstraint(
                name="a_published_list_was_reviewed",
                condition=~Q(state__in=["published", "retired"]) | Q(reviewed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="a_draft_is_not_reviewed",
                condition=~Q(state="draft") | Q(reviewed_by=None),
            ),
            models.CheckConstraint(
                name="a_reviewed_list_says_when_and_by_which_licence",
                condition=Q(reviewed_by=None, reviewed_at=None, reviewer_licence="")
                | (
                    Q(reviewed_by__isnull=False, reviewed_at__isnull=False)
                    & ~Q(reviewer_licence="")
                ),
            ),
            models.CheckConstraint(
                name="a_published_list_has_its_entry_and_no_other_has_one",
                condition=Q(state__in=["published", "retired"], entry__isnull=False)
                | (~Q(state__in=["published", "retired"]) & Q(entry=None)),
            ),
            models.CheckConstraint(
                name="nobody_reviews_their_own_words",
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=models.F("written_by")),
            ),
        ]


class Remark(models.Model):
    """Why a list was sent back to its writer. Written once."""

    risk_list = models.ForeignKey(
        RiskList, models.PROTECT, related_name="remarks", verbose_name=_("risk list")
    )
    words = models.TextField(_("remark"), max_length=2000)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("written by")
    )
    written_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.risk_list} {self.pk}"


class Risk(models.Model):
    """One listed side effect in one version of a list: what it is, and what helps."""

    risk_list = models.ForeignKey(
        RiskList, models.PROTECT, related_name="risks", verbose_name=_("risk list")
    )
    key = models.SlugField(_("short name"))
    position = models.PositiveSmallIntegerField(_("order"))
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_ar = models.CharField(_("name (Arabic)"), max_length=120)
    what_it_is_en = models.TextField(_("what it is (English)"))
    what_it_is_ar = models.TextField(_("what it is (Arabic)"))
    how_often_en = models.TextField(_("how often (English)"), blank=True)
    how_often_ar = models.TextField(_("how often (Arabic)"), blank=True)
    how_long_en = models.TextField(_("how long (English)"))
    how_long_ar = models.TextField(_("how long (Arabic)"))
    what_helps_en = models.TextField(_("what helps (English)"))
    what_helps_ar = models.TextField(_("what helps (Arabic)"))
    when_to_call_en = models.TextField(_("when to call (English)"))
    when_to_call_ar = models.TextField(_("when to call (Arabic)"))

    name = Translated()

    class Meta:
        verbose_name = _("risk")
        verbose_name_plural = _("risks")
        ordering = ["risk_list", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["risk_list", "key"], name="a_risk_is_listed_once_per_list"
            ),
            models.UniqueConstraint(
                fields=["risk_list", "position"], name="two_risks_never_share_a_place"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    PARTS = ("name", "what_it_is", "how_often", "how_long", "what_helps", "when_to_call")

    def words(self, language: str) -> str:
        """Exactly what a patient reads about this risk, part by part, in one language.

        PostgreSQL's `risk_words()` (migration 0002) makes the same text from the same row, and a
        trigger refuses an acknowledgement of any other words.
        """
        parts = (text_in(self, part, language) for part in self.PARTS)
        return "\n\n".join(part for part in parts if part)
