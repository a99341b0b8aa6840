"""The one clock: the database's. Each edge reads it once and passes it on."""

import datetime as dt

from django.db import connection


def now() -> dt.datetime:
    """The present moment (aware, UTC) by the database's clock.

    `clinic_now()` is a database function so that a test can move time for every process at once.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clinic_now()")
        moment: dt.datetime = cursor.fetchone()[0]
    return moment.astimezone(dt.UTC)
