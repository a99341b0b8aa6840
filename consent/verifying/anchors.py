"""The heads that were kept outside the database, against the tree as it stands."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from consent import ledger
from consent.actions.anchoring import anchor_file
from consent.actions.anchoring.anchor_file import Anchored
from consent.verifying.findings import Findings, parsed
from consent.verifying.growth import root_at
from consent.verifying.keys import Keys
from consent.verifying.saved_receipts import texts_of
from consent.verifying.snapshot import Place, Row, Snapshot

AT_ONCE = 1_000  # lines
MAILED = re.compile(r'^(\{"at":.*"entry":"head".*\})\s+([-_0-9A-Za-z]{86})\s*$', re.MULTILINE)


def check(path: Path, place: Place, keys: Keys, findings: Findings) -> Counter[str]:
    """Every head in a file, or in a saved e-mail: signed by the clinic, in the tree, of the same root.

    Lines are read first and looked up in a snapshot taken then: the tree grows while a run goes on.
    """
    looked_at = Counter[str]()
    lines = _mailed(path) if path.suffix in (".eml", ".txt") else anchor_file.read(path)
    while batch := list(itertools.islice(lines, AT_ONCE)):
        looked_at["anchors"] += len(batch)
        with closing(Snapshot(place)) as snapshot:
            heads = _heads(batch, snapshot)
            row = snapshot.one("SELECT count(*) AS size FROM consent_treenode WHERE level = 0")
            for anchored in batch:
                if anchored is None:
                    findings.tampered(str(path), "a line of the anchors' file cannot be read")
                else:
                    _check_line(anchored, heads, row.size, snapshot, keys, findings)
    return looked_at


def check_own_file(path: Path, place: Place, keys: Keys, findings: Findings) -> Counter[str]:
    """The clinic's own file, which must hold as much as the database says was written to it."""
    with closing(Snapshot(place)) as snapshot:
        written = snapshot.one(
            "SELECT size FROM consent_anchorplace WHERE place = 'file' AND size > 0"
        )
    if not path.exists():
        if written:
            findings.tampered(str(path), "the anchors' file is gone")
        return Counter()
    if written and _largest(path) < written.size:
        findings.tampered(str(path), "the anchors' file was cut: its newest lines are gone")
    return check(path, place, keys, findings)


def check_places(snapshot: Snapshot, size: int, findings: Findings) -> None:
    """No place outside has come further than the newest signed head, of `size` entries."""
    for row in snapshot.all("SELECT place FROM consent_anchorplace WHERE size > %s", size):
        findings.tampered(
            f"anchor {row.place}, consent_anchorplace.size",
            "an anchor says that more entries were kept than there are",
        )


def _mailed(path: Path) -> Iterator[Anchored | None]:
    """The heads in the e-mail that the lead keeps: the signed words in a line, the signature below."""
    found = {match.groups() for text in texts_of(path) for match in MAILED.finditer(text)}
    if not found:
        yield None
    for words, signature in sorted(found):
        yield Anchored("", words.encode(), ledger.signature_from(signature))


def _largest(path: Path) -> int:
    """The size in the file's largest anchor."""
    says = (parsed(anchored.content) for anchored in anchor_file.read(path) if anchored)
    return max((int(one["size"]) for one in says if one and _is_size(one)), default=0)


def _heads(batch: list[Anchored | None], snapshot: Snapshot) -> dict[bytes, Row]:
    """The stored heads that are word for word those of the lines; verified already, where they stand."""
    contents = [anchored.content for anchored in batch if anchored]
    sizes = [says["size"] for says in map(parsed, contents) if says and _is_size(says)]
    rows = snapshot.all(
        "SELECT content, signature FROM consent_treehead WHERE size = ANY(%s)", sizes
    )
    return {row.content: row for row in rows}


def _check_line(
    anchored: Anchored,
    heads: dict[bytes, Row],
    size: int,
    snapshot: Snapshot,
    keys: Keys,
    findings: Findings,
) -> None:
    known = heads.get(anchored.content)
    is_stored = known is not None and known.signature == anchored.signature
    says = parsed(anchored.content) or {}
    about = f"anchor of {says.get('size')} entries, {says.get('at')}"
    if is_stored and says["size"] <= size:
        return  # this very head was met when the tree grew again
    if not _is_size(says) or not keys.signed_head(
        str(says.get("key")), anchored.signature, anchored.content
    ):
        findings.tampered(about, "no key of the clinic's signed this anchor")
    elif says["size"] > size:
        findings.tampered(
            about, "the ledger has fewer entries than were anchored: it was set back, or cut"
        )
    elif (root := root_at(says["size"], snapshot)) is None or root.hex() != says.get("root"):
        findings.tampered(about, "the ledger's first entries are not those that were anchored")
    elif known is None:
        findings.tampered(about, "the head that was anchored is no longer in the database")


def _is_size(says: dict[str, object]) -> bool:
    return type(says.get("size")) is int and 0 <= says["size"] < 2**63  # type: ignore[operator]
