"""The tree takes every entry in once and in order, and each has its proof."""

import datetime as dt
import json

import pytest

from consent import ledger
from consent.actions import growing
from consent.ledger import tree
from consent.models import LedgerEntry, TreeHead, TreeNode
from tests import make
from tests.consent.entries import entered, head, is_whole, leaves, several

LATER = make.NOW + dt.timedelta(seconds=20)


@pytest.fixture
def grown(db) -> None:
    """What the usual clinic wrote is in the tree already."""
    growing.grow(now=make.NOW)


@pytest.mark.usefixtures("grown")
def test_new_entries_are_taken_in_in_their_order_and_a_head_is_signed():
    before = leaves()
    new = several(5)
    assert growing.grow(now=LATER) == 5
    assert leaves() == [*before, *(entry.entry_hash for entry in new)]
    assert head().signed_at == LATER
    assert is_whole()


@pytest.mark.usefixtures("grown")
def test_a_real_patients_record_is_taken_in():
    record = make.sealed(make.proven())
    growing.grow(now=LATER)
    assert record.record_hash in leaves()
    assert is_whole()


@pytest.mark.usefixtures("grown")
def test_where_nothing_is_new_no_head_is_signed():
    several(2)
    growing.grow(now=LATER)
    heads = TreeHead.objects.count()
    assert growing.grow(now=LATER + dt.timedelta(seconds=20)) == 0
    assert TreeHead.objects.count() == heads


@pytest.mark.usefixtures("grown")
def test_many_entries_are_taken_in_batch_by_batch_each_with_its_head(monkeypatch):
    monkeypatch.setattr(growing, "BATCH", 3)
    size = TreeNode.objects.filter(level=0).count()
    several(8)
    assert growing.grow(now=LATER) == 8
    sizes = TreeHead.objects.filter(size__gt=size).order_by("size").values_list("size", flat=True)
    assert list(sizes) == [size + 3, size + 6, size + 8]
    assert is_whole()


@pytest.mark.usefixtures("grown")
def test_a_call_ends_after_so_many_batches_and_the_next_goes_on(monkeypatch):
    monkeypatch.setattr(growing, "BATCH", 2)
    monkeypatch.setattr(growing, "BATCHES", 2)
    several(5)
    assert [growing.grow(now=LATER) for _call in range(3)] == [4, 1, 0]
    assert is_whole()


@pytest.mark.usefixtures("grown")
def test_a_round_asks_as_much_for_many_entries_as_for_one(django_assert_num_queries):
    """Begin, lock; keys, newest head, its edge; entries; what stands ahead; nodes, new head; end."""
    several(1)
    growing.grow(now=LATER)
    for count in (1, 3, 40):
        several(count)
        with django_assert_num_queries(11):
            assert growing.grow(now=LATER) == count


# --- Proofs ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("grown")
def test_an_entry_outside_the_tree_has_no_proof_yet():
    entry = entered()
    assert growing.inclusion_proof(entry=entry) is None
    growing.grow(now=LATER)
    assert growing.inclusion_proof(entry=entry) is not None


@pytest.mark.usefixtures("grown")
def test_every_entrys_proof_leads_to_the_newest_head():
    several(20)
    growing.grow(now=LATER)
    several(7)
    growing.grow(now=LATER)
    for entry in LedgerEntry.objects.all():
        proof = growing.inclusion_proof(entry=entry)
        assert proof is not None and proof.head == head()
        leaf = tree.leaf_of(entry.entry_hash)
        root = bytes(head().root)
        assert tree.verify_inclusion(leaf, proof.index, head().size, proof.path, root)


@pytest.mark.usefixtures("grown")
def test_a_stranger_follows_a_proof_with_the_receipts_hash_and_the_public_key_alone():
    entry = several(9)[4]
    growing.grow(now=LATER)
    public = ledger.keys.public_bytes(ledger.keys.signing_key())
    proof = growing.inclusion_proof(entry=entry)
    assert proof is not None
    said = json.loads(json.dumps(proof.as_json()))
    assert ledger.key_id_of(public) == said["key"]
    assert ledger.is_signed_by(
        public, ledger.signature_from(said["signature"]), said["head"].encode()
    )
    signed = json.loads(said["head"])
    assert signed["size"] == said["size"]
    path = [bytes.fromhex(each) for each in said["path"]]
    root = bytes.fromhex(signed["root"])
    leaf = tree.leaf_of(entry.entry_hash)
    assert tree.verify_inclusion(leaf, said["index"], said["size"], path, root)


@pytest.mark.usefixtures("grown")
def test_a_proof_costs_four_queries_however_large_the_tree_is(django_assert_num_queries):
    few = several(3)
    growing.grow(now=LATER)
    with django_assert_num_queries(4):
        growing.inclusion_proof(entry=few[0])
    several(50)
    growing.grow(now=LATER)
    with django_assert_num_queries(4):
        growing.inclusion_proof(entry=few[0])


@pytest.mark.usefixtures("grown")
def test_each_head_begins_with_the_one_before():
    for count in (1, 2, 3, 5, 8):
        several(count)
        growing.grow(now=LATER)
    heads = list(TreeHead.objects.order_by("size"))
    for old, new in zip(heads, heads[1:], strict=False):
        path = growing.consistency_proof(old=old.size, new=new.size)
        assert tree.verify_consistency(old.size, bytes(old.root), new.size, bytes(new.root), path)
