"""The connection to PostgreSQL cut at COMMIT: nobody knows whether it is done, and the same key tells."""

from collections import Counter

import pytest
from django.db import connections

from bookings.models import Consultation
from clinic.models import KeptAnswer
from tests import databases
from tests.faults import asking, parts, proxy
from tests.faults.table import Row, says, sized
from tests.journeys.test_sent_ten_times import free_slots

pytestmark = pytest.mark.one_risk
CUTS = sized(20, 300)


@pytest.fixture
def cut(committed_db, mail_server, tmp_path):
    """The proxy, and the address of a web server that reaches PostgreSQL through it alone."""
    with proxy.running(databases.url_of(committed_db)) as line:
        env = parts.environment(committed_db, mail_server, DATABASE_URL=line.url())
        with parts.parts(env, tmp_path) as clinic:
            yield line, clinic.web()
    connections["default"].close()


def test_a_request_whose_commit_was_cut_is_booked_once_by_its_key_and_only_by_it(cut):
    line, site = cut
    told, committed = asking.Told(), 0
    slots = free_slots()
    for number, slot in enumerate(slots[:CUTS]):
        sent = asking.canary(number, **slot)
        line.arm("after" if number % 2 else "before")
        status, kind, _body, _seconds = asking.answer(site, sent)
        assert (status, kind) == (503, "application/problem+json")
        committed += line.cuts["after"] > 0 and Consultation.objects.count() > number
        asking.book(site, sent, told)
    rows, kept = Consultation.objects.count(), KeptAnswer.objects.count()
    doubles = rows - len(told.booked)
    cuts = sum(line.cuts.values())
    beside = f"{len(told.booked)} keys, {rows} bookings; {committed} were committed already"
    says(Row("connection cut at COMMIT", cuts, len(told.wrong), doubles, besides=beside))
    assert cuts == CUTS and committed >= CUTS / 3
    assert told.wrong == []
    assert len(told.booked) == rows == kept == CUTS

    twin(line, site, slots[CUTS : CUTS + 5])


def twin(line: proxy.Proxy, site: str, slots: list[dict[str, str]]) -> None:
    """Without the key: who cannot say that it is the same request is told that the time is taken."""
    said: Counter[int] = Counter()
    for number, slot in enumerate(slots, CUTS):
        sent = asking.canary(number, **slot)
        del sent.headers["Idempotency-Key"]
        line.arm("after")
        assert asking.answer(site, sent)[0] == 503
        said[asking.answer(site, sent)[0]] += 1
    says(Row("the same without keys (twin)", len(slots), besides=f"sent again: {dict(said)}"))
    assert said[409] > 0
    assert Consultation.objects.count() == CUTS + len(slots)
