"""Values that nothing of ours writes, put in by the owner: verification names them and goes on."""

import pytest

from consent.models import Outcome
from tests.consent.attacker import Attacker

pytestmark = pytest.mark.one_risk

DEEP = "[" * 100_000
TABLE = {
    "words in another normal form": "UPDATE consent_acknowledgement SET words = U&'e\\0301'",
    "an infinite time": "UPDATE consent_acknowledgement SET acknowledged_at = 'infinity'",
    "a time before Christ": "UPDATE consent_consentrecord SET sealed_at = '0044-03-15 BC'",
    "a list of commitments": "UPDATE consent_reading SET commitments = '[]'",
    "commitments that are numbers": "UPDATE consent_reading SET commitments = '{\"email\": 1e400}'",
    "a hash that is no hash": "UPDATE consent_ledgerentry SET entry_hash = 'zz' WHERE id = 2",
    "bytes that are no text": "UPDATE consent_ledgerentry SET content = '\\xff'",
    "bytes that say a number": "UPDATE consent_ledgerentry SET content = '1'",
    "bytes of a hundred thousand levels": f"UPDATE consent_ledgerentry SET content = '{DEEP}'",
    "acts that are no list": "UPDATE consent_ledgerentry SET content = convert_to(regexp_replace("
    "convert_from(content, 'UTF8'), '\"acts\":\\[[^]]*\\]', '\"acts\":7'), 'UTF8') WHERE kind = 'record'",
    "an empty signature": "UPDATE consent_ledgerentry SET signature = ''",
    "a head that says nothing": "UPDATE consent_treehead SET content = ''",
    "a head of a size that is no number": 'UPDATE consent_treehead SET content = \'{"size":"x"}\'',
    "a head of an infinite time": "UPDATE consent_treehead SET signed_at = 'infinity'",
    "a publication of an infinite time": "UPDATE consent_ledgerentry SET written_at = 'infinity'"
    " WHERE kind = 'publication'",
    "a node far away": "INSERT INTO consent_treenode (level, index, hash) VALUES (60, 4611686018427387904,"
    " sha256('x'))",
    "a leaf far away": "UPDATE consent_treenode SET index = 4611686018427387904"
    " WHERE level = 0 AND index = 2",
    "an empty node": "UPDATE consent_treenode SET hash = ''",
}


@pytest.mark.parametrize("nonsense", TABLE.values(), ids=TABLE)
@pytest.mark.parametrize("processes", [1, 2])
def test_nonsense_is_tampering_and_stops_nothing(here, nonsense, processes):
    one = Attacker(here)
    with one.unguarded():
        one.run(nonsense)
    one.close()
    report = here.verify(processes=processes)
    assert report.outcome == Outcome.TAMPERED
    assert report.looked_at["guards"] and report.looked_at["anchors"] == 3
