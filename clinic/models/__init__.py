"""What the clinic is: its names and policy, its treatments, its dermatologists, its aftercare."""

from clinic.models.aftercare import YEAR_IN_HOURS, AftercareStep
from clinic.models.clinic import LONGEST_BUFFER, LONGEST_VISIT, MONTH_IN_MINUTES, Clinic, known_zone
from clinic.models.dermatologist import Dermatologist
from clinic.models.kept import KEPT_FOR, KeptAnswer
from clinic.models.treatments import Concern, Treatment

__all__ = [
    "KEPT_FOR",
    "LONGEST_BUFFER",
    "LONGEST_VISIT",
    "MONTH_IN_MINUTES",
    "YEAR_IN_HOURS",
    "AftercareStep",
    "Clinic",
    "Concern",
    "Dermatologist",
    "KeptAnswer",
    "Treatment",
    "known_zone",
]
