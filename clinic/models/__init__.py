"""What the clinic is: its names and policy, its treatments, its dermatologists, its aftercare."""

from clinic.models.aftercare import (
    YEAR_IN_HOURS,
    AftercarePlan,
    AftercareStep,
)
from clinic.models.clinic import (
    LONGEST_BUFFER,
    LONGEST_VISIT,
    MONTH_IN_MINUTES,
    Clinic,
    known_zone,
    zone_or_clinics,
)
from clinic.models.dermatologist import Dermatologist
from clinic.models.kept import KEPT_FOR, KeptAnswer
from clinic.models.treatments import Concern, Treatment
from clinic.models.versions import IN_FORCE, VERSION_STEPS, Version, VersionState

__all__ = [
    "IN_FORCE",
    "KEPT_FOR",
    "LONGEST_BUFFER",
    "LONGEST_VISIT",
    "MONTH_IN_MINUTES",
    "VERSION_STEPS",
    "YEAR_IN_HOURS",
    "AftercarePlan",
    "AftercareStep",
    "Clinic",
    "Concern",
    "Dermatologist",
    "KeptAnswer",
    "Treatment",
    "Version",
    "VersionState",
    "known_zone",
    "zone_or_clinics",
]
