"""Words that patients read, version by version: drafted by one person, reviewed, published by another."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.errors import NotPossibleNow
from clinic.models.treatments import Treatment


class VersionState(models.TextChoices):
    """Where a version stands; a published one never changes again."""

    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


# PostgreSQL has the same table for each kind (clinic's migration 0009, consent's 0006); tests compare them.
VERSION_STEPS: dict[str, set[str]] = {
    VersionState.DRAFT: {VersionState.IN_REVIEW},
    VersionState.IN_REVIEW: {VersionState.DRAFT, VersionState.PUBLISHED},
    VersionState.PUBLISHED: {VersionState.RETIRED},
    VersionState.RETIRED: set(),
}
IN_FORCE = (VersionState.PUBLISHED, VersionState.RETIRED)  # now, or once


class Version(models.Model):
    """One version of the words for one treatment; `reviewed_by` is each kind's own."""

    treatment: "models.ForeignKey[Treatment, Treatment]"
    reviewed_by_id: int | None
    version = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(
        _("state"),
        max_length=9,
        choices=VersionState,
        default=VersionState.DRAFT,
        editable=False,
    )
    # Said when it is sent to review.
    change_note = models.TextField(_("why it changes"), max_length=2000, blank=True, editable=False)
    # Of what is older than this room nobody knows who wrote and who published it.
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("written by"),
    )
    # The dermatologist's look at exactly these words; void once they are a draft again.
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("published by"),
    )
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.treatment}, {self.version}"

    def move_to(self, state: str) -> None:
        """Changes the state in memory. Raises NotPossibleNow where VERSION_STEPS has no such step."""
        if state not in VERSION_STEPS[self.state]:
            raise NotPossibleNow(
                _("This cannot be done: the version is now “%(state)s”.")
                % {"state": self.get_state_display()}
            )
        self.state = state
