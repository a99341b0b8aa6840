"""Every time of a consultation, a session, an e-mail and what goes with them is one that can be read."""

from django.db import migrations

# 'infinity', a time before Christ or after the year 9999 is none that Python can read: one such row would
# stop every look at what is owed, and every round of sending. In seconds (1970 to 9998), for they read the
# same in every zone, and days can be counted from them (as in consent's migration 0011).
READABLE = "isfinite({0}) AND extract(epoch FROM {0}) BETWEEN 0 AND 253370764800"
# The hours are typed by staff, who may close "until 9999".
FINITE = "isfinite({0})"
TIMES = {
    "bookings_consultation": (
        READABLE,
        *("asked_at", "starts_at", "ends_at", "held_at", "hold_expires_at", "offered_at"),
        *("proven_at", "code_issued_at", "link_asked_at", "email_changed_at", "tips_stopped_at"),
        *("risks_acknowledged_at", "asks_again_since", "confirmed_at", "outcome_at"),
        *("cancelled_at", "erased_at", "latest_at"),
    ),
    "bookings_treatmentsession": (READABLE, "took_place_at", "recorded_at", "voided_at"),
    "bookings_message": (
        READABLE,
        *("due_at", "useful_until", "next_try_at", "lease_until", "dot_at", "sent_at"),
        *("refused_at", "bounced_at", "phoned_at", "put_off_at"),
    ),
    "bookings_relay": (
        READABLE,
        *("ticked_at", "looked_at", "looked_at_all_at", "accepted_at", "opened_at", "probe_at"),
        "put_off_since",
    ),
    "bookings_offer": (READABLE, "starts_at", "offered_at"),
    "bookings_closure": (FINITE, "starts_at", "ends_at"),
    "bookings_opening": (FINITE, "starts_at", "ends_at"),
}
REAL_TIMES = "".join(
    f"ALTER TABLE {table} ADD CONSTRAINT every_time_is_a_real_one"
    f" CHECK ({' AND '.join(held_to.format(column) for column in columns)});\n"
    for table, (held_to, *columns) in TIMES.items()
)
NO_TIMES = "".join(
    f"ALTER TABLE {table} DROP CONSTRAINT every_time_is_a_real_one;\n" for table in TIMES
)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0016_a_relay_that_puts_us_off")]
    operations = [migrations.RunSQL(REAL_TIMES, NO_TIMES)]
