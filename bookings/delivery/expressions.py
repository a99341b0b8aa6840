"""What claims ask of PostgreSQL in its own words."""

import datetime as dt

from django.db.models import (
    BooleanField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    Value,
)

from bookings.models import MessageState

# `=` would do. But then PostgreSQL may take the index of what is to be sent, which it holds to be as short as
# when it last counted, and read thousands of rows for one that it could find by its number.
IS_SENDING = Func(
    F("state"),
    Value(MessageState.SENDING.value),
    template="(%(expressions)s)",
    arg_joiner=" IS NOT DISTINCT FROM ",
    output_field=BooleanField(),
)


class DatabaseNow(Func):
    """The database's clock, for leases: the same for all senders, whatever their own clocks say."""

    function = "clinic_now"
    arity = 0
    output_field = DateTimeField()


def from_now(span: dt.timedelta) -> ExpressionWrapper:
    """So much later, by that clock."""
    later = DatabaseNow() + Value(span, output_field=DurationField())
    return ExpressionWrapper(later, output_field=DateTimeField())
