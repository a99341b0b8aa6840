"""Rows that are committed late, growers that end halfway or meet, a tree that was changed: still one tree."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import OperationalError, connection, connections
from django.db.models import Count
from psycopg import IsolationLevel

from consent.actions import growing
from consent.models import LedgerEntry, TreeHead, TreeNode
from tests import make
from tests.consent.entries import held_back, is_whole, leaves, several

T = TypeVar("T")
LATER = make.NOW + dt.timedelta(seconds=20)


def elsewhere(act: Callable[[], T]) -> T:
    """The same in another session, while ours goes on."""

    def run() -> T:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def change_as_owner(statement: str) -> None:
    """What only the owner of the database can do, with the guards out of the way."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE consent_treenode DISABLE TRIGGER USER")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE consent_treenode ENABLE TRIGGER USER")
    connections["owner"].close()


def test_a_row_that_is_committed_late_is_taken_in_after_younger_ones(committed_db):
    late: list[LedgerEntry] = []
    with held_back(late):
        younger = several(3)
        growing.grow(now=make.NOW)
        assert younger[0].pk > late[0].pk
        assert leaves()[-3:] == [entry.entry_hash for entry in younger]
    assert growing.grow(now=LATER) == 1
    assert leaves()[-1] == late[0].entry_hash
    assert is_whole()


def test_one_that_is_later_than_the_window_is_found_when_all_are_looked_at(
    committed_db, monkeypatch
):
    monkeypatch.setattr(growing, "WINDOW", 2)
    late: list[LedgerEntry] = []
    with held_back(late):
        several(5)
        growing.grow(now=make.NOW)
    assert growing.grow(now=LATER) == 0
    assert growing.grow(now=LATER, whole=True) == 1
    assert is_whole()


def test_a_grower_whose_session_is_ended_halfway_leaves_nothing_behind(committed_db, monkeypatch):
    growing.grow(now=make.NOW)
    several(4)
    before = TreeNode.objects.count(), TreeHead.objects.count()
    sign = growing._sign

    def end(*args: object, **kwargs: object) -> None:
        assert TreeNode.objects.count() > before[0]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(growing, "_sign", end)
    with pytest.raises(OperationalError):
        growing.grow(now=LATER)
    connection.close()
    assert (TreeNode.objects.count(), TreeHead.objects.count()) == before
    monkeypatch.setattr(growing, "_sign", sign)
    assert growing.grow(now=LATER) == 4
    assert is_whole()


def test_while_one_grows_another_leaves_it_to_them(committed_db, monkeypatch):
    several(3)
    sign, told = growing._sign, []

    def sign_after_another_tried(*args: object, **kwargs: object) -> TreeHead:
        told.append(elsewhere(lambda: growing._take_in_a_batch(now=LATER, whole=False)))
        return sign(*args, **kwargs)

    monkeypatch.setattr(growing, "_sign", sign_after_another_tried)
    growing.grow(now=make.NOW)
    assert told == [0]
    assert is_whole()


def grow_behind_anothers_back(monkeypatch) -> None:
    """Our grower has looked at the tree when another one grows it; then ours goes on."""
    most = growing._most

    def look(begin: int, end: int) -> int:
        found = most(begin, end)
        monkeypatch.setattr(growing, "_most", most)
        assert elsewhere(lambda: growing.grow(now=make.NOW)) > 0
        return found

    monkeypatch.setattr(growing, "_is_ours", lambda: True)
    monkeypatch.setattr(growing, "_most", look)


def test_without_the_lock_two_growers_still_make_one_tree(committed_db, monkeypatch, caplog):
    several(3)
    grow_behind_anothers_back(monkeypatch)
    assert growing.grow(now=LATER) == 0
    assert "another grower was first" in caplog.text
    several(2)
    assert growing.grow(now=LATER) == 2
    assert is_whole()


def test_without_lock_and_constraint_the_tree_would_fork(committed_db, monkeypatch):
    """The twin: it shows that the race is a real one."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE consent_treenode DROP CONSTRAINT one_tree_and_no_fork")
        cursor.execute("ALTER TABLE consent_treenode DROP CONSTRAINT consent_treenode_entry_id_key")
        cursor.execute("ALTER TABLE consent_treehead DROP CONSTRAINT consent_treehead_size_key")
    connections["owner"].close()
    several(3)
    grow_behind_anothers_back(monkeypatch)
    growing.grow(now=LATER)
    twice = TreeNode.objects.filter(level=0).values("index").annotate(times=Count("pk"))
    assert {row["times"] for row in twice} == {2}


def test_a_grower_that_sees_an_older_state_takes_nothing_in_twice(
    committed_db, monkeypatch, caplog
):
    """REPEATABLE READ: what it sees is of its first statement, before another grew the tree."""
    growing.grow(now=make.NOW)
    several(3)
    connection.close()
    connection.ensure_connection()
    connection.connection.isolation_level = IsolationLevel.REPEATABLE_READ
    is_ours = growing._is_ours

    def ask_after_another_grew() -> bool:
        LedgerEntry.objects.exists()  # from here on, this transaction sees one state
        monkeypatch.setattr(growing, "_is_ours", is_ours)
        assert elsewhere(lambda: growing.grow(now=LATER)) == 3
        return is_ours()

    monkeypatch.setattr(growing, "_is_ours", ask_after_another_grew)
    assert growing.grow(now=LATER) == 0
    assert "another grower was first" in caplog.text
    several(2)
    assert growing.grow(now=LATER) == 2
    connection.close()
    assert is_whole()


@pytest.mark.parametrize(
    "changed",
    [
        "UPDATE consent_treenode SET hash = sha256('other') WHERE level = 0 AND index = 2",
        "DELETE FROM consent_treenode WHERE level = 1",
        "DELETE FROM consent_treenode WHERE level = 0 AND index = 2",
    ],
)
def test_nothing_is_signed_on_top_of_a_tree_that_was_changed(committed_db, caplog, changed):
    several(3 - LedgerEntry.objects.count())
    growing.grow(now=make.NOW)
    change_as_owner(changed)
    several(1)
    heads = TreeHead.objects.count()
    assert growing.grow(now=LATER) == 0
    assert TreeHead.objects.count() == heads
    assert "does not lead to its newest head" in caplog.text
