"""A connection that is kept: good ones are used without asking, ones that ended are made anew."""

import psycopg
import pytest
from django.core.signals import request_finished, request_started
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

from tests import databases


def one() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_a_good_connection_is_kept_without_a_query():
    assert one() == 1
    with CaptureQueriesContext(connection) as queries:
        assert connection.is_usable()
    assert not queries


def test_a_connection_that_the_server_ended_is_made_anew(committed_db):
    first = backend()
    assert connection.settings_dict["CONN_HEALTH_CHECKS"]
    with psycopg.connect(databases.url_of(committed_db), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [first])
    request_started.send(sender=None)
    assert backend() != first


def test_a_closed_connection_is_not_usable(committed_db):
    assert one() == 1
    connection.connection.close()
    assert not connection.is_usable()


def test_a_statement_that_a_migration_broke_fails_once(committed_db):
    def read() -> int:
        request_started.send(sender=None)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT address_en FROM clinic_clinic WHERE id = %s", [1])
                return len(cursor.fetchall())
        finally:
            request_finished.send(sender=None)

    for _time in range(3):
        read()
    with connections["owner"].cursor() as owner:
        owner.execute("ALTER TABLE clinic_clinic ALTER COLUMN address_en TYPE varchar(260)")
    with pytest.raises(DatabaseError, match="cached plan"):
        read()
    assert [read(), read()] == [1, 1]
