"""The key that signs: made, handed over to the next one, and trusted backwards from the present one."""

import base64
import datetime as dt
import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from consent import ledger
from consent.actions import rotating
from consent.ledger import keys
from consent.models import EntryKind, LedgerEntry
from tests import make, processes
from tests.consent.entries import entered

OLD, NEW, THIRD, STRANGER = (
    Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(4)
)
LATER = make.NOW + dt.timedelta(days=1)


def letters(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.private_bytes_raw()).decode()


def public(key: Ed25519PrivateKey) -> bytes:
    return keys.public_bytes(key)


def id_of(key: Ed25519PrivateKey) -> str:
    return keys.key_id_of(public(key))


@pytest.fixture
def signs(settings):
    """Makes a key the one that signs now."""

    def use(key: Ed25519PrivateKey) -> None:
        settings.LEDGER_KEY = letters(key)

    return use


@pytest.fixture
def rotated(db, signs) -> LedgerEntry:
    """OLD signed an entry, then NEW took over."""
    signs(OLD)
    entered()
    signs(NEW)
    return rotating.rotate(previous=OLD, now=LATER)


# --- Making one --------------------------------------------------------------------------------


def test_a_new_key_is_printed_with_its_public_key_and_fingerprint_and_needs_no_server(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "ledger_key"],
        cwd=processes.CHECKOUT,
        env=processes.without_urls(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    line, public_line, id_line = done.stdout.strip().splitlines()
    key = keys.key_from(line.removeprefix("LEDGER_KEY="))
    assert public_line.split()[-1] == public(key).hex()
    assert id_line.split()[-1] == id_of(key)
    assert (
        line.startswith("LEDGER_KEY=") and public_line.startswith("#") and id_line.startswith("#")
    )


def test_two_new_keys_are_two(capsys):
    call_command("ledger_key")
    call_command("ledger_key")
    found = [line for line in capsys.readouterr().out.splitlines() if line.startswith("LEDGER_KEY")]
    assert len(set(found)) == 2


@pytest.mark.parametrize("text", ["", "short", "A" * 44, base64.b64encode(bytes(31)).decode()])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ImproperlyConfigured):
        keys.key_from(text)


# --- Handing over ------------------------------------------------------------------------------


def test_a_change_of_the_key_is_an_entry_signed_by_both(rotated):
    name = rotated.entry_hash
    assert keys.signed_the_hash(public(NEW), bytes(rotated.signature), name)
    assert keys.signed_the_hash(public(OLD), bytes(rotated.cosignature), name)
    assert json.loads(bytes(rotated.content)) == {
        "v": 1,
        "entry": "rotation",
        "at": ledger.utc(LATER),
        "key": id_of(NEW),
        "consultation": "",
        "from": public(OLD).hex(),
        "to": public(NEW).hex(),
    }


def test_the_command_writes_it_once(db, signs, settings, capsys):
    signs(OLD)
    entered()
    signs(NEW)
    settings.LEDGER_PREVIOUS_KEY = letters(OLD)
    call_command("rotate_ledger_key")
    assert id_of(NEW) in capsys.readouterr().out
    with pytest.raises(CommandError, match="already"):
        call_command("rotate_ledger_key")
    assert LedgerEntry.objects.filter(kind=EntryKind.ROTATION).count() == 1


def test_the_command_needs_the_old_key(db, settings):
    with pytest.raises(CommandError, match="LEDGER_PREVIOUS_KEY"):
        call_command("rotate_ledger_key")
    settings.LEDGER_PREVIOUS_KEY = "not a key"
    with pytest.raises(CommandError, match="32 bytes"):
        call_command("rotate_ledger_key")


@pytest.mark.parametrize(
    ("previous", "present", "why"),
    [
        (OLD, NEW, "already"),  # the same once more
        (NEW, NEW, "the same"),
        (OLD, THIRD, "already"),  # a second successor of the old key
        (STRANGER, NEW, "already"),  # a second predecessor of the new one
        (NEW, OLD, "already"),  # back again
        (STRANGER, THIRD, "signed nothing"),
    ],
)
def test_what_is_no_change_of_the_key_is_refused(rotated, signs, previous, present, why):
    signs(present)
    with pytest.raises(rotating.NotRotated, match=why):
        rotating.rotate(previous=previous, now=LATER)
    assert LedgerEntry.objects.filter(kind=EntryKind.ROTATION).count() == 1


# --- Trusting ----------------------------------------------------------------------------------


def test_the_present_key_alone_is_trusted_where_none_was_changed(db):
    assert keys.trusted([], public(NEW)) == {id_of(NEW): keys.Trusted(public(NEW), None)}


def test_older_keys_are_trusted_back_from_the_present_one(rotated, signs):
    signs(THIRD)
    third_at = LATER + dt.timedelta(days=1)
    rotating.rotate(previous=NEW, now=third_at)
    assert keys.trusted(rotating.rotations(), public(THIRD)) == {
        id_of(THIRD): keys.Trusted(public(THIRD), None),
        id_of(NEW): keys.Trusted(public(NEW), third_at),
        id_of(OLD): keys.Trusted(public(OLD), LATER),
    }
    assert set(keys.trusted(reversed(rotating.rotations()), public(THIRD))) == {
        id_of(key) for key in (OLD, NEW, THIRD)
    }


def test_a_key_does_not_vouch_for_its_successor(rotated):
    """Who stole the old key can make no other key the clinic's."""
    assert set(keys.trusted(rotating.rotations(), public(OLD))) == {id_of(OLD)}


def rotation(old, new, *, signer=None, cosigner=None, **says) -> keys.Rotation:
    content = ledger.canonical(
        {
            "entry": "rotation",
            "at": ledger.utc(LATER),
            "key": id_of(new),
            "from": public(old).hex(),
            "to": public(new).hex(),
            **says,
        }
    )
    name = ledger.sha256(content)
    signatures = [
        keys.sign_hash(name, key=key).signature for key in (signer or new, cosigner or old)
    ]
    return keys.Rotation(content, *signatures)


def test_a_rotation_needs_both_signatures_and_the_right_words():
    assert id_of(OLD) in keys.trusted([rotation(OLD, NEW)], public(NEW))
    for wrong in (
        rotation(OLD, NEW, signer=STRANGER),
        rotation(OLD, NEW, cosigner=STRANGER),
        rotation(OLD, NEW, signer=OLD, cosigner=NEW),
        rotation(OLD, NEW, entry="record"),
        rotation(OLD, NEW, key=id_of(OLD)),
        rotation(OLD, NEW, at="yesterday"),
        rotation(OLD, NEW)._replace(cosignature=b""),
        rotation(OLD, NEW)._replace(content=b"{}"),
        rotation(OLD, NEW)._replace(content=b"\xff"),
        rotation(OLD, STRANGER),
    ):
        assert set(keys.trusted([wrong], public(NEW))) == {id_of(NEW)}


def test_keys_that_vouch_for_each_other_in_a_circle_come_to_an_end():
    circle = [rotation(OLD, NEW), rotation(NEW, THIRD), rotation(THIRD, OLD)]
    assert set(keys.trusted(circle, public(NEW))) == {id_of(key) for key in (OLD, NEW, THIRD)}
