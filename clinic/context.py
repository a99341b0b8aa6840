"""What every page knows: the clinic's row, and the number to call in an emergency."""

from django.http import HttpRequest

from clinic.models import Clinic

EMERGENCY_NUMBER = "998"  # ambulance in the UAE


def clinic(request: HttpRequest) -> dict[str, object]:
    """The clinic's names and phone for the header of each page; the desk has asked for it already."""
    row = request.clinic if hasattr(request, "clinic") else Clinic.objects.the_clinic()
    return {"clinic": row, "emergency_number": EMERGENCY_NUMBER}
