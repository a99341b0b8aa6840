"""Rows that the application's own role can plant, in plain SQL: nothing stops for good, and each is told."""

import datetime as dt
import json
from typing import Any

import psycopg
import pytest
from django.test import Client

from clinic import clock
from consent import ledger
from consent.actions import anchoring, growing
from consent.ledger import tree
from consent.models import AnchorPlace, LedgerEntry, Outcome, TreeHead
from consent.verifying import note, verify
from consent.verifying.keys import CannotBegin
from tests import databases, desk
from tests.consent.attacker import Attacker, Scene, found

pytestmark = pytest.mark.one_risk

HOUR = dt.timedelta(hours=1)
NOT_OURS, AHEAD = str(anchoring.NOT_OURS), str(anchoring.AHEAD)


def plant(here: Scene, query: str, *values: Any) -> None:
    """As the role that the application runs as: no password of the owner's."""
    with psycopg.connect(databases.url_of(here.name), autocommit=True) as session:
        session.execute(query, values)


def plant_node(here: Scene, level: int, index: int, found: bytes, entry: int | None = None) -> None:
    plant(
        here,
        "INSERT INTO consent_treenode (level, index, hash, entry_id) VALUES (%s, %s, %s, %s)",
        *(level, index, found, entry),
    )


def plant_head(here: Scene, size: int) -> None:
    plant(
        here,
        "INSERT INTO consent_treehead (size, root, content, key_id, signature, signed_at)"
        " VALUES (%s, %s, '{}', 'k', %s, now())",
        *(size, b"r" * 32, b"s" * 64),
    )


def grow(**options: Any) -> int:
    return growing.grow(now=clock.now(), **options)


def told() -> list[str]:
    """The desk's alarms, an hour later."""
    return [alarm.sentence for alarm in anchoring.alarms(now=clock.now() + HOUR)]


def size() -> int:
    return TreeHead.objects.latest("size").size


def test_right_leaves_beyond_the_newest_head_are_unsealed_until_a_head_is_signed_over_them(here):
    entry = growing.unsealed().get()
    for level, index, made in growing._frontier().append(tree.leaf_of(entry.entry_hash)):
        plant_node(here, level, index, made, None if level else entry.pk)
    assert growing.inclusion_proof(entry=entry) is None
    assert here.verify().findings.counts == {"unsealed": 1}
    assert verify(now=clock.now() + HOUR).outcome == Outcome.LATE
    assert NOT_OURS in told()
    before = size()
    here.sealed()
    assert (grow(), size()) == (2, before + 2)
    assert growing.inclusion_proof(entry=entry) is not None
    anchoring.anchor(now=clock.now())
    assert here.verify().outcome == Outcome.SOUND and told() == []


def test_a_wrong_leaf_beyond_the_newest_head_is_an_alarm_and_an_offence(here, caplog):
    entry, before = growing.unsealed().get(), size()
    plant_node(here, 0, before, b"x" * 32, entry.pk)
    assert (grow(), size()) == (0, before)
    assert "nobody of ours put the nodes" in caplog.text
    assert NOT_OURS in told()
    assert "the node is not the hash of what stands below it" in found(here.verify())


def test_a_node_planted_ahead_lets_the_tree_grow_up_to_it_and_is_told(here, caplog):
    here.grow()
    before = size()
    ahead = (before >> 1) + 1
    plant_node(here, 1, ahead, b"x" * 32)
    assert NOT_OURS in told()
    for _record in range(4):
        here.sealed()
    assert grow() == 2 * ahead + 1 - before
    assert grow() == 0
    assert "nobody of ours put the nodes [[1, " in caplog.text
    assert "another grower was first" not in caplog.text
    assert Outcome.TAMPERED == here.verify().outcome


@pytest.mark.parametrize(("level", "index"), [(1, 2**63 - 1), (63, 0), (60, 8), (32767, 2**63 - 1)])
@pytest.mark.parametrize("since_last", [False, True])
def test_a_node_outside_the_tree_is_an_offence_and_stops_no_run(here, level, index, since_last):
    here.grow()
    if since_last:
        note(here.verify(), finished_at=clock.now())
    plant_node(here, level, index, b"x" * 32)
    assert found(here.verify(since_last=since_last)) == {"there is no such place in the tree"}
    assert NOT_OURS in told()


@pytest.mark.parametrize("ahead", [1, 2, 10**9])
def test_a_head_that_nobody_signed_stops_neither_sealing_nor_proving_nor_anchoring(here, ahead):
    here.grow()
    before = size()
    plant_head(here, before + ahead)
    entry = here.records[0].entry
    receipt = ledger.Receipt(entry.entry_hash, bytes(entry.signature), entry.key_id)
    assert growing.inclusion_proof(entry=entry).head.size == before
    for address in ("/receipt/", "/api/receipts/"):
        assert Client().get(address, {"r": receipt.code}).status_code == 200
    for _record in range(3):
        here.sealed()
    here.grow()
    here.sealed()
    here.grow()
    assert growing.unsealed().count() == 0
    assert '"{}"' not in here.anchors.read_text()
    assert here.verify().outcome == Outcome.TAMPERED
    assert len(found(here.verify())) >= 2


def test_one_entry_with_the_largest_id_moves_no_window(here, monkeypatch):
    monkeypatch.setattr(growing, "WINDOW", 3)
    here.grow()
    content = b'{"at":"2026-01-01T00:00:00Z","consultation":"","entry":"publication","key":"k"}'
    plant(
        here,
        "INSERT INTO consent_ledgerentry (id, kind, content, entry_hash, key_id, signature, written_at)"
        " VALUES (%s, 'publication', %s, %s, 'k', %s, '2026-01-01T00:00:00Z')",
        *(2**63 - 1, content, ledger.sha256(content), b"s" * 64),
    )
    assert grow() == 1
    here.sealed()
    assert LedgerEntry.objects.latest("pk").pk == 2**63 - 1
    assert told() != []
    assert grow() == 1


def test_an_anchor_that_says_more_than_there_is_is_told_and_begins_again(here, settings):
    here.grow()
    assert found(here.verify()) == set()
    AnchorPlace.objects.update(size=2**60)
    assert "an anchor says that more entries were kept than there are" in found(here.verify())
    assert told() == [AHEAD]
    assert anchoring.anchor(now=clock.now()) == 1
    assert AnchorPlace.objects.get().size == size()
    assert told() == []


SOUND = (
    "INSERT INTO consent_verification (started_at, finished_at, from_size, size, root, outcome, findings,"
    " counts, key_id) VALUES (now(), {finished}, 0, %s, %s, 'sound', '[]', '{{}}', '')"
)
AGAIN = (
    "INSERT INTO consent_verification (started_at, finished_at, from_size, size, root, outcome, findings,"
    " counts, content, key_id, signature) SELECT started_at, finished_at, from_size, size, root, outcome,"
    " findings, counts, content, key_id, signature FROM consent_verification WHERE outcome = 'sound'"
)
TAMPERED = "Somebody has tampered with the consent records."
MADE_UP = "Somebody has written down a verification that the clinic did not run."


def noted(here: Scene) -> str:
    return note(here.verify(), finished_at=clock.now()).outcome


def spoil(here: Scene) -> None:
    one = Attacker(here)
    with one.unguarded():
        one.run("UPDATE consent_reading SET opened_at = opened_at - interval '1 s'")
    one.close()


def test_a_verification_that_nobody_signed_is_believed_neither_at_the_desk_nor_by_the_next_run(
    here,
):
    spoil(here)
    assert noted(here) == Outcome.TAMPERED
    head = TreeHead.objects.latest("size")
    plant(here, SOUND.format(finished="now()"), head.size, bytes(head.root).hex())
    page = desk.lead().get("/admin/").content.decode()
    assert TAMPERED in page and MADE_UP in page
    with pytest.raises(CannotBegin):
        here.verify(since_last=True)
    assert "no key of the clinic's signed what this run says" in found(here.verify())


def test_a_signed_run_tells_of_every_column_that_was_changed(here):
    assert noted(here) == Outcome.SOUND
    for change in ("outcome = 'late'", "size = 1", "findings = '[1]'", "root = ''", "from_size = 1",
                   "finished_at = now()", "key_id = ''", "signature = NULL"):  # fmt: skip
        one = Attacker(here)
        (before,) = one.run("SELECT * FROM consent_verification")
        with one.unguarded():
            one.run(f"UPDATE consent_verification SET {change}")
        assert found(here.verify()) == {"no key of the clinic's signed what this run says"}, change
        column = change.split(" ")[0]
        value = getattr(before, column)
        with one.unguarded():
            one.run(
                f"UPDATE consent_verification SET {column} = %s",
                json.dumps(value) if column == "findings" else value,
            )
        assert found(here.verify()) == set()
        one.close()


def test_a_sound_run_cannot_be_written_down_again_after_an_offence(here):
    assert noted(here) == Outcome.SOUND
    spoil(here)
    noted(here)
    with pytest.raises(psycopg.errors.UniqueViolation, match="a_run_is_written_down_once"):
        plant(here, AGAIN)


def test_a_run_and_an_anchor_have_no_infinite_times(here):
    with pytest.raises(psycopg.errors.CheckViolation):
        plant(here, SOUND.format(finished="'infinity'"), 0, "")
    with pytest.raises(psycopg.errors.CheckViolation):
        plant(here, "UPDATE consent_anchorplace SET next_try_at = 'infinity'")
