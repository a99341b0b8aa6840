"""What PostgreSQL refuses, by the name of the constraint, which is a sentence."""

import pytest
from django.db import DatabaseError, transaction

from bookings.models import Consultation


def refusal(act) -> str:
    """The name of the constraint that refused an act."""
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        act()
    return error.value.__cause__.diag.constraint_name


def put(consultation: Consultation, **values) -> str:
    return refusal(lambda: Consultation.objects.filter(pk=consultation.pk).update(**values))
