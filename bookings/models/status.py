"""Where a consultation can stand, and which steps lead from one state to the next."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """Where a consultation stands. Only `move_to` assigns it."""

    WAITING = "waiting", _("waiting for a time")
    HELD = "held", _("time held")
    EXPIRED = "expired", _("hold ran out")
    CONFIRMED = "confirmed", _("confirmed")
    ARRIVED = "arrived", _("arrived")
    COMPLETED = "completed", _("completed")
    NO_SHOW = "no_show", _("did not come")
    CANCELLED = "cancelled", _("cancelled")


# A trigger in PostgreSQL refuses every other change (migration 0002; docs/decisions/006).
TRANSITIONS: dict[str, frozenset[str]] = {
    Status.WAITING: frozenset({Status.HELD, Status.CANCELLED}),
    Status.HELD: frozenset({Status.CONFIRMED, Status.EXPIRED, Status.WAITING, Status.CANCELLED}),
    Status.EXPIRED: frozenset({Status.HELD, Status.WAITING, Status.CANCELLED}),
    Status.CONFIRMED: frozenset(
        {Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED}
    ),
    Status.ARRIVED: frozenset({Status.COMPLETED, Status.CANCELLED, Status.CONFIRMED}),
    Status.COMPLETED: frozenset({Status.CONFIRMED}),
    Status.NO_SHOW: frozenset({Status.CONFIRMED}),
    Status.CANCELLED: frozenset(),
}
# The states that only a consultation with every risk acknowledged can reach.
VISITED = (Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW)
TAKES_THE_SLOT = (Status.HELD, *VISITED)


class Proof(models.TextChoices):
    """How the address was proven."""

    EMAIL_CODE = "email_code", _("code from the e-mail")
    EMAIL_LINK = "email_link", _("link from the e-mail")
    IN_PERSON = "in_person", _("in person")


class PartOfDay(models.TextChoices):
    """What part of the day suits a patient who waits for a time."""

    ANY = "any", _("any time of day")
    MORNING = "morning", _("morning")
    AFTERNOON = "afternoon", _("afternoon")
    EVENING = "evening", _("evening")
