"""The person who is seen, behind a proven address."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from clinic.i18n import Language
from clinic.models import known_zone


class Patient(models.Model):
    """The person seen: themselves, or a child whose guardian acts and is named.

    Made or changed only once the address is proven; until then what was typed stays on the
    consultation. One address can stand for several patients (a guardian's children). Behind an
    erased consultation stands a row of which nothing is known.
    """

    name = models.CharField(_("name"), max_length=120)
    birth_date = models.DateField(_("date of birth"), null=True)  # None: nobody, see below
    guardian_name = models.CharField(_("guardian"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    mobile = PhoneNumberField(_("mobile"))
    language = models.CharField(_("language"), max_length=2, choices=Language)
    zone = models.CharField(_("time zone"), max_length=64, validators=[known_zone])

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["email", "name", "birth_date"],
                condition=~Q(email=""),
                name="a_patient_is_listed_once_per_address",
            ),
            models.CheckConstraint(
                name="of_an_erased_patient_nothing_is_known",
                condition=Q(birth_date__isnull=False)
                | Q(birth_date=None, name="", guardian_name="", email="", mobile=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name
