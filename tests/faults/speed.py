"""The clinic's clock made to run fast in one database: every process there sees a minute pass in seconds.

All waits by the database's clock (lease, margin before the dot, waits between tries) shrink together.
What a sender measures by its own clock is divided by the same number (`of_a_sender`), so the ratios are
those of production: lease 60, margin 20, answer after the dot 15, time-out 10.
"""

import datetime as dt

import psycopg
from django.conf import settings

from bookings.delivery import line, rounds
from tests import databases

BODY = "SELECT '{then}'::timestamptz + (clock_timestamp() - '{began}'::timestamptz) * {times}"


class Clock:
    """The clock of a test's database; set anew it goes on from where it stood."""

    def __init__(self, database: str, *, times: float) -> None:
        self.owner = psycopg.connect(databases.url_of(database, owner=True), autocommit=True)
        self.times = times
        self._set(dt.timedelta())

    def now(self) -> dt.datetime:
        return self.owner.execute("SELECT clinic_now()").fetchone()[0]  # type: ignore[index]

    def jump(self, ahead: dt.timedelta) -> None:
        """Nothing happens in between: only while no sender holds a lease."""
        self._set(ahead)

    def runs(self, *, times: float) -> None:
        self.times = times
        self._set(dt.timedelta())

    def behind(self) -> dt.timedelta:
        """How far it is behind the machine's clock (negative: ahead)."""
        asked = self.owner.execute("SELECT clock_timestamp() - clinic_now()").fetchone()
        return asked[0]  # type: ignore[index]

    def _set(self, ahead: dt.timedelta) -> None:
        then, began = self.owner.execute("SELECT clinic_now(), clock_timestamp()").fetchone()  # type: ignore[misc]
        body = BODY.format(then=then + ahead, began=began, times=self.times)
        self.owner.execute(
            "CREATE OR REPLACE FUNCTION clinic_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" SET search_path = pg_catalog, pg_temp AS $$ {body} $$"
        )


def of_a_sender(times: float) -> None:
    """In a sender's process: what it measures by its own clock is as much shorter."""
    settings.EMAIL_TIMEOUT /= times
    rounds.ROUND_LASTS /= times  # type: ignore[misc]
    rounds.FRESH /= times  # type: ignore[misc]
    rounds.STAMPED_WITHIN /= times
    line.BEFORE_THE_DOT /= times
    line.AFTER_THE_DOT /= times
    line.QUIT_TAKES /= times
