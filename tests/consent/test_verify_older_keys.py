"""What an older key signed holds until it handed over, and not after; a key that was not handed over is said."""

import base64
import datetime as dt

import pytest

from clinic import clock
from consent.actions import growing, rotating
from consent.ledger.keys import key_from, signing_key
from consent.models import Outcome
from consent.verifying.keys import CannotBegin
from tests.consent.attacker import Attacker, found
from tests.consent.verification import exit_code

pytestmark = pytest.mark.one_risk
HOUR = dt.timedelta(hours=1)


def test_entries_of_an_older_key_count_until_an_hour_after_it_handed_over(here, settings):
    old = signing_key()
    settings.LEDGER_KEY = base64.b64encode(b"n" * 32).decode()
    unknown = here.verify()
    assert unknown.outcome == Outcome.TAMPERED  # nobody vouches for the older key yet
    rotating.rotate(previous=old, now=clock.now())
    here.grow()
    assert here.verify().outcome == Outcome.SOUND
    one = Attacker(here)
    with one.unguarded():
        one.run("UPDATE consent_ledgerentry SET recorded_at = now() + interval '2 hours' WHERE id ="
                " (SELECT max(id) FROM consent_ledgerentry WHERE kind = 'record')")  # fmt: skip
    assert "it was signed by a key that had handed over to the next one before" in found(
        here.verify()
    )


def test_what_the_older_key_signed_is_sealed_hours_after_it_handed_over(
    here, settings, monkeypatch
):
    """The growers were down: the first head after the handover is late, and more than a batch waits."""
    for _record in range(3):
        here.sealed()
    old = signing_key()
    settings.LEDGER_KEY = base64.b64encode(b"n" * 32).decode()
    rotating.rotate(previous=old, now=clock.now())
    monkeypatch.setattr(growing, "BATCH", 2)
    growing.grow(now=clock.now() + 2 * HOUR)
    assert found(here.verify(anchors=False)) == set()


def test_a_key_that_was_changed_and_not_handed_over_is_said(here, settings):
    here.grow()
    old = signing_key()
    settings.LEDGER_PREVIOUS_KEY = base64.b64encode(old.private_bytes_raw()).decode()
    settings.LEDGER_KEY = base64.b64encode(b"n" * 32).decode()
    with pytest.raises(CannotBegin, match="run rotate_ledger_key"):
        here.verify()
    assert exit_code() == 3
    rotating.rotate(previous=old, now=clock.now())
    here.grow()
    assert here.verify().outcome == Outcome.SOUND


def test_nothing_is_sealed_before_a_changed_key_was_handed_over(here, settings, caplog):
    old = signing_key()
    settings.LEDGER_KEY = base64.b64encode(b"n" * 32).decode()
    assert growing.grow(now=clock.now()) == 0
    assert "was the key changed, not handed over?" in caplog.text
    rotating.rotate(previous=old, now=clock.now())
    assert growing.grow(now=clock.now()) == 2


def test_a_retired_key_that_was_stolen_cannot_backdate_a_record(here, settings):
    """Its bytes and columns are of last year; its place in the tree is after heads of the new key."""
    old, now = signing_key(), clock.now()
    new = settings.LEDGER_KEY = base64.b64encode(b"n" * 32).decode()
    rotating.rotate(previous=old, now=now - dt.timedelta(hours=3))
    here.grow()
    settings.LEDGER_KEY = base64.b64encode(old.private_bytes_raw()).decode()
    here.sealed()
    settings.LEDGER_KEY = new
    assert key_from(new) != old
    here.grow()
    assert "it came into the tree long after the key that signed it had handed over" in found(
        here.verify()
    )
