"""What the clinic is: its names and policy, its treatments, its dermatologists, its aftercare."""

from clinic.models.aftercare import (
    IN_FORCE,
    PLAN_STEPS,
    YEAR_IN_HOURS,
    AftercarePlan,
    AftercareStep,
    PlanState,
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

__all__ = [
    "IN_FORCE",
    "KEPT_FOR",
    "LONGEST_BUFFER",
    "LONGEST_VISIT",
    "MONTH_IN_MINUTES",
    "PLAN_STEPS",
    "YEAR_IN_HOURS",
    "AftercarePlan",
    "AftercareStep",
    "Clinic",
    "Concern",
    "Dermatologist",
    "KeptAnswer",
    "PlanState",
    "Treatment",
    "known_zone",
    "zone_or_clinics",
]
