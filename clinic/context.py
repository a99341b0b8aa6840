"""What every page knows: the clinic's row, and the number to call in an emergency."""

from django.http import HttpRequest

from clinic.models import Clinic

EMERGENCY_NUMBER = "998"  # ambulance in the UAE


def clinic(request: HttpRequest) -> dict[str, object]:
    """The clinic's names and phone for the header of each page."""
    return {"clinic": Clinic.objects.the_clinic(), "emergency_number": EMERGENCY_NUMBER}
