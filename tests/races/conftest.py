"""A site for races, where each client can come from an address of its own; and their table.

RACE_ROUNDS (default 3) says how often each race is run; `make races` sets 300.
"""

import os
from collections.abc import Iterator

import pytest
from django.db import connections

from tests import databases
from tests.processes import wait_until, web

ROUNDS = int(os.environ.get("RACE_ROUNDS", "3"))
_table: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _table:
        terminalreporter.write_line(line)


@pytest.fixture
def says():
    """Adds a line to the table at the end of the run."""
    return _table.append


def deadlocks(database: str) -> int:
    """How many deadlocks PostgreSQL has found in this database, once all its sessions have told."""
    with databases.connect_as_owner() as owner:
        ask = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND usename = 'clinic_app'"
        wait_until(lambda: owner.execute(ask, [database]).fetchone() == (0,), seconds=10)
        row = owner.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = %s", [database]
        ).fetchone()
        assert row
        return row[0]


@pytest.fixture
def site(committed_db, process_env, tmp_path) -> Iterator[str]:
    """The web server behind a trusted proxy; at its end there must have been no deadlock."""
    with web(env={**process_env, "TRUSTED_PROXIES": "1"}, log=tmp_path / "web.log") as url:
        yield url
    connections["default"].close()
    assert deadlocks(committed_db) == 0
    assert "Traceback" not in (tmp_path / "web.log").read_text()


def patience() -> float:
    """2 s on a machine of our own; as much longer as others keep its processors busy."""
    return 2 * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
