"""A verification that begins where the last one ended: what it looks at, what it cannot see, and when it refuses."""

import pytest

from clinic import clock
from consent import verifying
from consent.models import Outcome
from consent.verifying.keys import CannotBegin
from tests.consent.attacker import Attacker, found
from tests.consent.verification import exit_code, spoil

pytestmark = pytest.mark.one_risk


def test_a_run_since_the_last_one_looks_at_what_came_after_it(here):
    verifying.note(here.verify(), finished_at=clock.now())
    here.sealed()
    here.grow()
    report = here.verify(since_last=True)
    assert (report.outcome, report.from_size, report.size) == (Outcome.SOUND, 4, 6)
    assert (report.looked_at["records"], report.looked_at["leaves"]) == (2, 2)
    assert report.root == here.verify().root


def test_a_run_since_the_last_one_does_not_see_an_older_row_and_the_command_says_so(here, capsys):
    verifying.note(here.verify(), finished_at=clock.now())
    here.sealed()
    here.grow()
    spoil(here, 0)
    assert here.verify(since_last=True).outcome == Outcome.SOUND
    assert here.verify().outcome == Outcome.TAMPERED
    assert exit_code("--since-last") == 0
    assert "A change of an older row" in capsys.readouterr().out


def test_a_run_since_the_last_one_sees_older_nodes_that_no_longer_lead_to_its_head(here):
    verifying.note(here.verify(), finished_at=clock.now())
    one = Attacker(here)
    with one.unguarded():
        one.run("UPDATE consent_treenode SET hash = sha256('x') WHERE level = 2")
    assert "the nodes of the tree no longer lead to the head that was verified last" in found(
        here.verify(since_last=True)
    )


def test_a_run_never_begins_from_one_that_found_an_offence(here):
    spoil(here, 0)
    verifying.note(here.verify(), finished_at=clock.now())
    with pytest.raises(CannotBegin):
        here.verify(since_last=True)


def test_a_verification_row_that_somebody_made_up_is_held_to_a_signed_head(here):
    report = here.verify()
    report.root = "0" * 64
    verifying.note(report, finished_at=clock.now())
    with pytest.raises(CannotBegin):
        here.verify(since_last=True)
