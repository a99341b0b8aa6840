"""The evidence of one record as one file, for somebody who does not trust the clinic and has no database.

docs/evidence.md says what each part is; consent/verify_evidence.py, which lies in the bundle, checks it.
"""

import io
import json
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.template.loader import get_template

from clinic.models import Clinic
from consent import ledger
from consent.certificate import NotAsSealed, certificate_of, pdf_of
from consent.exhibit import Entered, Exhibit, exhibit_of
from consent.fhir import fhir_of
from consent.models import ConsentRecord

VERSION = 1  # of how a bundle is laid out
LONG_AGO = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the first time that a zip can tell: the file's own time says nothing
VERIFIER = Path(__file__).with_name("verify_evidence.py")
README = "consent/evidence/README.txt"


def bundle_of(
    record: ConsentRecord,
    *,
    only: Collection[str] = (),
    without: Collection[str] = (),
    anchored: Collection[int] = (),
) -> bytes:
    """A zip file: the same bytes as long as nothing new is known about the record.

    `only` these risks are laid open (short names; none named: all), the others stay commitments;
    `without` these personal values (field names); with proofs of growth from trees of these `anchored`
    sizes, for whoever holds such an anchor. Raises NotPossibleNow for what the record does not have.
    The caller writes down who exported it (consent.actions.looking).
    """
    exhibit = exhibit_of(record, only=only, without=without, anchored=anchored)
    files = _files(exhibit)
    if not only and not without:
        files |= _certificate(record)
    files |= _manifest(exhibit, files)
    return _zipped(files)


def _files(exhibit: Exhibit) -> dict[str, bytes]:
    """Every part but the manifest, by its name in the bundle."""
    clinic = Clinic.objects.the_clinic()
    files = _entry("record", exhibit.entry)
    if exhibit.publication:
        files |= _entry("publication", exhibit.publication)
    for number, entry in enumerate(exhibit.others, 1):
        files |= _entry(f"others/{number:02}", entry)
    for number, entry in enumerate(exhibit.rotations, 1):
        files |= _entry(f"rotations/{number:02}", entry)
    files |= _acts(exhibit)
    files["keys.json"] = _json({key: raw.hex() for key, raw in exhibit.public_keys.items()})
    files["particulars.json"] = _json(_particulars(exhibit))
    files["growth.json"] = _json(
        [
            {"old": grown.old, "new": grown.new, "path": [each.hex() for each in grown.path]}
            for grown in exhibit.growth
        ]
    )
    if clinic is not None:
        files["fhir.json"] = _json(fhir_of(exhibit, clinic=clinic))
    files["README.txt"] = get_template(README).render({"record": exhibit.record}).encode()
    files["verify_evidence.py"] = VERIFIER.read_bytes()
    return files


def _entry(name: str, entry: Entered) -> dict[str, bytes]:
    """The bytes that were hashed and signed, and beside them signature and proof."""
    row = entry.row
    seal: dict[str, Any] = {
        "hash": row.entry_hash,
        "key": row.key_id,
        "signature": ledger.signature_letters(bytes(row.signature)),
        "inclusion": entry.proof.as_json() if entry.proof else None,
    }
    if row.cosignature is not None:
        seal["cosignature"] = ledger.signature_letters(bytes(row.cosignature))
    return {f"{name}/content.json": entry.content, f"{name}/seal.json": _json(seal)}


def _acts(exhibit: Exhibit) -> dict[str, bytes]:
    """The bytes of each open act under its place in the record (from 01), and its salt in hex."""
    files = {}
    for number, act in enumerate(exhibit.acts, 1):
        if act.is_open:
            files[f"acts/{number:02}.json"] = act.content
            files[f"acts/{number:02}.salt"] = bytes(act.row.salt).hex().encode()
    return files


def _particulars(exhibit: Exhibit) -> list[dict[str, str]]:
    return [
        {
            "field": kept.field,
            "value": kept.value,
            "salt": bytes(kept.salt).hex(),
            "commitment": kept.commitment,
        }
        for kept in exhibit.values.values()
    ]


def _certificate(record: ConsentRecord) -> dict[str, bytes]:
    """The paper for people, which shows all of it; none where the rows are not what was sealed."""
    try:
        return {"certificate.pdf": pdf_of(certificate_of(record))}
    except NotAsSealed:
        return {}


def _manifest(exhibit: Exhibit, files: dict[str, bytes]) -> dict[str, bytes]:
    """What is in the bundle, signed as it stands: it can be thinned out later, and not altered.

    Signed like a tree's head, not like an entry: nothing made of it passes for a receipt.
    """
    content = ledger.canonical(
        {
            "v": VERSION,
            "entry": "bundle",
            "key": ledger.signing_key_id(),
            "record": exhibit.record.record_hash,
            "files": {name: ledger.sha256(files[name]) for name in files},
        }
    )
    signature = ledger.signature_letters(ledger.sign(content).signature)
    return {"manifest.json": content, "manifest.sig": signature.encode()}


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _zipped(files: dict[str, bytes]) -> bytes:
    """In the order of their names, with no time and no owner of their own."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        for name in sorted(files):
            part = zipfile.ZipInfo(name, LONG_AGO)
            part.create_system = 3  # Unix, wherever it is made
            part.external_attr = 0o644 << 16
            zipped.writestr(part, files[name], zipfile.ZIP_DEFLATED, compresslevel=9)
    return made.getvalue()
