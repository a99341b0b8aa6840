"""The guidance that follows a treatment session: plans, version by version, and the steps of each."""

import datetime as dt

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from clinic.i18n import Translated, text_in
from clinic.models.dermatologist import Dermatologist
from clinic.models.treatments import Treatment
from clinic.models.versions import IN_FORCE, Version, VersionState

YEAR_IN_HOURS = 366 * 24


class AftercarePlanQuerySet(models.QuerySet["AftercarePlan"]):
    def live_for(self, treatment: Treatment) -> "AftercarePlan | None":
        """The one published plan of a treatment, or None."""
        return self.filter(treatment=treatment, state=VersionState.PUBLISHED).first()


class AftercarePlan(Version):
    """The versioned guidance after a session of one treatment.

    Written by one person, reviewed by a dermatologist, published by a second person. Who approved which
    version, and when, stands under each of its e-mails.
    """

    treatment = models.ForeignKey(
        Treatment, models.PROTECT, related_name="aftercare_plans", verbose_name=_("treatment")
    )
    # Said when it was last sent back to its writer.
    remark = models.TextField(_("remark"), max_length=2000, blank=True, editable=False)
    reviewed_by = models.ForeignKey(
        Dermatologist,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("reviewed by"),
    )
    objects = AftercarePlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("aftercare plan")
        verbose_name_plural = _("aftercare")
        ordering = ["treatment", "-version"]
        permissions = [("publish_aftercareplan", "Can review or publish aftercare plan")]
        constraints = [
            models.UniqueConstraint(
                fields=["treatment", "version"], name="a_plan_has_one_version_of_each_number"
            ),
            models.UniqueConstraint(
                fields=["treatment"],
                condition=Q(state="published"),
                name="one_live_aftercare_plan_per_treatment",
            ),
            models.CheckConstraint(
                name="a_plan_in_review_says_why_it_changes",
                condition=Q(state="draft") | ~Q(change_note=""),
            ),
            models.CheckConstraint(
                name="a_draft_plan_is_not_reviewed",
                condition=~Q(state="draft") | Q(reviewed_by=None),
            ),
            models.CheckConstraint(
                name="a_reviewed_plan_says_when",
                condition=Q(reviewed_by=None, reviewed_at=None)
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="a_published_plan_was_reviewed_and_says_when",
                condition=Q(state__in=["draft", "in_review"], published_at=None, published_by=None)
                | Q(
                    state__in=["published", "retired"],
                    published_at__isnull=False,
                    reviewed_by__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="a_plan_is_published_by_a_second_person",
                condition=Q(published_by=None) | ~Q(published_by=models.F("written_by")),
            ),
        ]


class AftercareStepQuerySet(models.QuerySet["AftercareStep"]):
    def live(self) -> "AftercareStepQuerySet":
        """Those of the plans that count now, each with its plan."""
        return self.filter(plan__state=VersionState.PUBLISHED).select_related("plan")

    def with_first_day(self) -> "AftercareStepQuerySet":
        """Each with `live_since`: when its treatment first had a published step of its short name."""
        versions = AftercareStep.objects.filter(
            plan__treatment=OuterRef("plan__treatment"),
            key=OuterRef("key"),
            plan__state__in=IN_FORCE,
        )
        first = versions.order_by("plan__published_at").values("plan__published_at")[:1]
        return self.annotate(live_since=Subquery(first))

    def together_with(self, step: "AftercareStep") -> "AftercareStepQuerySet":
        """The steps of its plan at its hour, itself among them: one e-mail, in this order."""
        here = self.filter(plan=step.plan_id, hours_after=step.hours_after)
        return here.select_related("plan__treatment", "plan__reviewed_by").order_by(
            "position", "id"
        )


class AftercareStep(models.Model):
    """One part of the guidance, a number of hours after a session; icing comes first.

    Its short name is what it is known by from version to version: nobody gets it twice.
    """

    plan = models.ForeignKey(
        AftercarePlan, models.CASCADE, related_name="steps", verbose_name=_("aftercare plan")
    )
    key = models.SlugField(_("short name"))
    position = models.PositiveSmallIntegerField(_("order"))
    hours_after = models.PositiveIntegerField(
        _("hours after the session"), validators=[MaxValueValidator(YEAR_IN_HOURS)]
    )
    subject_en = models.CharField(_("subject (English)"), max_length=120)
    subject_ar = models.CharField(_("subject (Arabic)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=160)
    title_ar = models.CharField(_("title (Arabic)"), max_length=160)
    body_en = models.TextField(_("text (English)"))
    body_ar = models.TextField(_("text (Arabic)"))
    red_flags_en = models.TextField(_("call the same day (English)"), blank=True)
    red_flags_ar = models.TextField(_("call the same day (Arabic)"), blank=True)
    emergency_en = models.TextField(_("emergency (English)"), blank=True)
    emergency_ar = models.TextField(_("emergency (Arabic)"), blank=True)

    # What a patient reads, in this order; the last two may be left out, in both languages.
    PARTS = ("subject", "title", "body", "red_flags", "emergency")
    OPTIONAL = ("red_flags", "emergency")

    subject = Translated()
    title = Translated()
    body = Translated()
    red_flags = Translated()
    emergency = Translated()
    objects = AftercareStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("aftercare step")
        verbose_name_plural = _("aftercare steps")
        ordering = ["plan", "hours_after", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "key"], name="an_aftercare_step_is_listed_once_per_plan"
            ),
            models.CheckConstraint(
                condition=models.Q(hours_after__lte=YEAR_IN_HOURS),
                name="aftercare_ends_within_a_year",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def delay(self) -> dt.timedelta:
        """How long after the session this step is due."""
        return dt.timedelta(hours=self.hours_after)

    def words(self, language: str) -> dict[str, str]:
        """What it says in one language, part by part."""
        return {part: text_in(self, part, language) for part in self.PARTS}
