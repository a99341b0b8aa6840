"""PostgreSQL takes no time that Python cannot read: one would stop whoever reads the table."""

import pytest
from django.db import IntegrityError, connection, transaction

from bookings import owing
from tests import make
from tests.bookings.owing import HOUR, session_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
COLUMNS = [
    *(("message", "due_at"), ("message", "useful_until"), ("message", "next_try_at")),
    *(("message", "lease_until"), ("message", "dot_at"), ("consultation", "code_issued_at")),
    *(("consultation", "confirmed_at"), ("relay", "ticked_at"), ("relay", "looked_at_all_at")),
    *(("treatmentsession", "took_place_at"), ("treatmentsession", "recorded_at")),
]


@pytest.mark.parametrize("time", ["infinity", "-infinity", "0044-03-15 BC", "10000-01-01"])
@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_no_time_that_nobody_can_read_is_taken(table, column, time):
    session_of(make.completed())
    make.confirmed(starts_at=make.TOMORROW_AT_9 + 7 * HOUR)
    owing.note_owed(now=make.NOW)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE bookings_{table} SET {column} = %s", [time])
    assert refused.value.__cause__.diag.constraint_name == "every_time_is_a_real_one"  # type: ignore[union-attr]


def test_every_column_of_a_time_is_held_to_it():
    """A new column needs a word in the migration that brings it: the guard made anew with it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name || '.' || column_name FROM information_schema.columns"
            " WHERE table_name LIKE 'bookings\\_%' AND data_type = 'timestamp with time zone'"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'c'"
            " AND conrelid = table_name::regclass"
            " AND pg_get_constraintdef(oid) LIKE '%isfinite(' || column_name || ')%')"
        )
        assert cursor.fetchall() == []
