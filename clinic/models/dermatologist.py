"""Who sees patients."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.i18n import Language, Translated
from clinic.models.treatments import Treatment


class DermatologistQuerySet(models.QuerySet["Dermatologist"]):
    def seeing_patients(self) -> "DermatologistQuerySet":
        """Those whose times are offered."""
        return self.filter(is_active=True)

    def offering(self, treatment: Treatment | None) -> "DermatologistQuerySet":
        """Those who talk about this treatment (all of them where none is named yet)."""
        return self.filter(treatments=treatment) if treatment else self


class Dermatologist(models.Model):
    """A dermatologist, who sees patients in a video room."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="dermatologist",
        verbose_name=_("sign-in"),
    )
    slug = models.SlugField(_("short name in addresses"), unique=True)
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_ar = models.CharField(_("name (Arabic)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=120)
    title_ar = models.CharField(_("title (Arabic)"), max_length=120)
    licence_number = models.CharField(_("licence number"), max_length=40, unique=True)
    languages = ArrayField(
        models.CharField(max_length=2, choices=Language), verbose_name=_("languages")
    )
    treatments = models.ManyToManyField(
        Treatment, related_name="dermatologists", verbose_name=_("treatments")
    )
    video_room = models.URLField(_("video room"), validators=[URLValidator(schemes=["https"])])
    visits_per_day = models.PositiveSmallIntegerField(
        _("visits a day at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Leave it empty for as many as fit."),
    )
    # The private calendar feed's number; 0 where there is none. A new number ends the older address.
    feed_serial = models.PositiveIntegerField(default=0, editable=False)
    is_active = models.BooleanField(_("sees patients"), default=True)

    name = Translated()
    title = Translated()
    objects = DermatologistQuerySet.as_manager()

    class Meta:
        verbose_name = _("dermatologist")
        verbose_name_plural = _("dermatologists")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(video_room__startswith="https://"),
                name="a_video_room_is_reached_by_https",
            )
        ]

    def __str__(self) -> str:
        return self.name
