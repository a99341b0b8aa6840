"""guards.txt says what a freshly migrated database holds: what verification compares with."""

import os

import pytest

from consent.verifying import guards
from consent.verifying.snapshot import Snapshot, here

pytestmark = pytest.mark.empty_clinic
HOW = (
    "a migration changed a guard. Look at it, then write guards.txt anew: WRITE_GUARDS=1 pytest {}"
)


def test_guards_txt_is_what_the_migrations_make(committed_db):
    snapshot = Snapshot(here())
    found = dict(guards.standing(snapshot))
    snapshot.close()
    if os.environ.get("WRITE_GUARDS"):
        guards.SHIPPED.write_text(guards.lines(found), encoding="utf-8")
    shipped = guards.shipped()
    new = {name: digest for name, digest in found.items() if shipped.get(name) != digest}
    gone = sorted(shipped.keys() - found.keys())
    assert not new and not gone, f"{HOW.format(__file__)}\n{guards.lines(new)}gone: {gone}"
