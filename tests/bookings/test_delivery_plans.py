"""How PostgreSQL finds what is sent: a few of very many, and one row, without a look at the others."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.delivery import claims
from bookings.models import Message, MessageState
from tests import make
from tests.bookings.owing import note

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
INDEX = "message_to_send"


def plan_of(sql: str) -> str:
    """The plan where the table is too large to be read whole."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN (COSTS OFF) {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def statements(act) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        act()
    return [one["sql"] for one in asked.captured_queries]


def test_what_is_due_is_read_in_the_order_in_which_it_is_claimed():
    make.confirmed()
    note(make.NOW)
    asked = statements(lambda: claims.claim(now=make.NOW, at_most=20))
    [locking] = [sql for sql in asked if "SKIP LOCKED" in sql]
    plan = plan_of(locking)
    assert INDEX in plan and "Sort" not in plan


def test_one_row_is_found_by_its_number_however_short_that_index_seems():
    make.confirmed()
    note(make.NOW)
    [message, *_others] = claims.claim(now=make.NOW, at_most=20)
    asked = statements(lambda: claims.mark_the_dot(message, wording="", now=make.NOW))
    asked += statements(lambda: claims.renew(message)) + statements(lambda: claims.sent(message))
    assert Message.objects.get(pk=message.pk).state == MessageState.SENT
    writing = [sql for sql in asked if re.search(r"UPDATE \"?bookings_message", sql)]
    assert (
        len(writing) == 4
    )  # the mark in one statement, and after another look; the lease; the stamp
    for sql in writing:
        plan = plan_of(sql)
        assert "bookings_message_pkey" in plan and INDEX not in plan
        by_state = sql.replace(f'"bookings_message"."id" = {message.pk}', "true")
        by_state = by_state.replace(f"WHERE id = {message.pk} AND", "WHERE")
        assert by_state != sql and INDEX not in plan_of(by_state)
        assert INDEX in plan_of(by_state.replace(" IS NOT DISTINCT FROM ", " = ")), "the twin"
