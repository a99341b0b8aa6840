"""What fault tests ask for: a nursery for all of them, and for each a scene of its own."""

from collections.abc import Iterator

import pytest

from tests.faults import nursery, sink, table
from tests.faults.scene import Scene


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in table.lines():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def warmed(test_databases, django_db_blocker, tmp_path_factory) -> Iterator[nursery.Nursery]:
    log = tmp_path_factory.mktemp("nursery") / "nursery.log"
    with django_db_blocker.unblock(), test_databases.copy(risks=1) as name:
        with nursery.running(log, warmed_on=name) as parent:
            yield parent


@pytest.fixture
def mail_server(tmp_path) -> Iterator[sink.Sink]:
    """A mail server that misbehaves when told to (sink.Sink)."""
    with sink.running(tmp_path / "sink.jsonl") as running:
        yield running


@pytest.fixture
def scene(committed_db, mail_server, warmed, tmp_path) -> Iterator[Scene]:
    ready = Scene(committed_db, mail_server, warmed, tmp_path)
    yield ready
    ready.end()
