"""The listed side effects of a treatment, version by version, in each language."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.i18n import Translated, text_in
from clinic.models import Treatment
from consent.models.ledger import LedgerEntry


class ListState(models.TextChoices):
    """Where a risk list stands; a published one never changes again."""

    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


class RiskListQuerySet(models.QuerySet["RiskList"]):
    def live_for(self, treatment: Treatment) -> "RiskList | None":
        """The one published list of a treatment, or None."""
        return self.filter(treatment=treatment, state=ListState.PUBLISHED).first()


class RiskList(models.Model):
    """The versioned list of the side effects of one treatment."""

    treatment = models.ForeignKey(
        Treatment, models.PROTECT, related_name="risk_lists", verbose_name=_("treatment")
    )
    version = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=9, choices=ListState, default=ListState.DRAFT, editable=False
    )
    # What stands beside the tick of each risk.
    statement_en = models.CharField(_("statement (English)"), max_length=200)
    statement_ar = models.CharField(_("statement (Arabic)"), max_length=200)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("written by"),
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("published by"),
    )
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    entry = models.OneToOneField(
        LedgerEntry,
        models.PROTECT,
        null=True,
        editable=False,
        to_field="entry_hash",
        related_name="risk_list",
        verbose_name=_("ledger entry"),
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
        ]

    def __str__(self) -> str:
        return f"{self.treatment}, {self.version}"


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
