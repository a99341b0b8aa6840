"""Checks a bundle of evidence without the clinic: its files, no database, no network, none of its programs.

    python -I verify_evidence.py BUNDLE.zip --receipt CODE
    python -I verify_evidence.py BUNDLE.zip --fingerprint HEX --head FILE

It needs Python 3.9 or newer and the package `cryptography`. What it checks, in this order:

 1. The zip file is harmless: known names only, each once, no more bytes than such a bundle can have.
 2. manifest.json lists the SHA-256 of every file and is signed. A file may be left out; none is altered.
 3. Each entry of the ledger (content.json) is in canonical form (JSON by RFC 8785, text in Unicode NFC,
    whole numbers only), so that there is one way to write what it says; its hash is SHA-256 of the bytes;
    its signature (Ed25519, RFC 8032) is of the 32 bytes of that hash.
 4. The keys that signed are joined by rotations, each signed by the older and by the newer key, to a key
    whose fingerprint (SHA-256 of its 32 bytes) YOU have from elsewhere: from the patient's receipt, from
    an anchor, from the clinic's public word. Without one all this is only the bundle's own word.
 5. The record lists its acts, one for each side effect, by SHA-256(salt, "acknowledgement", 0x00, bytes).
    So one can be shown without the others. Words, statement and times of each are checked, and that the
    words are those of the published list, letter for letter.
 6. Personal values fit their commitments, SHA-256(salt, field, 0x00, value), or were lawfully erased.
 7. Each entry is a leaf of the clinic's Merkle tree (RFC 9162 section 2.1.3): SHA-256(0x00, entry's hash),
    on a path to the root of a signed head; and that tree begins with the one of the anchor that you hold
    (section 2.1.4), so nothing was taken out of it or put in between since.

Ends with 0: all that was checked holds, and the key is known from outside the bundle. 1: something does
NOT hold. 2: nothing failed, but the key was compared with nothing from outside; or it could not run.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import hashlib
import json
import os
import re
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    sys.stderr.write("This needs the package cryptography:  pip install cryptography\n")
    sys.exit(2)

NAMES = re.compile(
    r"(record|publication|others/[0-9]{2,4}|rotations/[0-9]{2,4})/(content|seal)\.json"
    r"|acts/[0-9]{2,4}\.(json|salt)|(keys|particulars|growth|fhir|manifest)\.json|manifest\.sig"
    r"|README\.txt|verify_evidence\.py|certificate\.(html|pdf)"
)
MOST_FILES, MOST_BYTES, MOST_JSON = 4_000, 16 * 2**20, 4 * 2**20
PARTS = ("name", "what_it_is", "how_often", "how_long", "what_helps", "when_to_call")
HAND_OVER = dt.timedelta(hours=1)  # how long an older key may still sign after it handed over
PASS, FAIL, NOT_CHECKED = "PASS", "FAIL", "NOT CHECKED"


class Broken(Exception):
    """It does not hold; the message says what."""


class Unknown(Exception):
    """It could not be checked; the message says why."""


class Entry:
    """One entry of the ledger: its bytes, what they say, its signature, and its proof."""

    def __init__(self, files: dict[str, bytes], folder: str) -> None:
        self.folder = folder
        self.raw = need(files, folder + "/content.json")
        seal = json_of(need(files, folder + "/seal.json"))
        self.says = canonical_json_of(self.raw)
        self.hash = hashlib.sha256(self.raw).hexdigest()
        self.kind, self.at, self.key = (
            take(self.says, each, str) for each in ("entry", "at", "key")
        )
        self.consultation = take(self.says, "consultation", str)
        self.signature = letters(take(seal, "signature", str))
        self.cosignature = letters(seal["cosignature"]) if "cosignature" in seal else b""
        self.inclusion = take(seal, "inclusion", dict, type(None))
        if take(seal, "hash", str) != self.hash or take(seal, "key", str) != self.key:
            raise Broken("seal.json names another hash or another key than content.json has")
        moment(self.at)


class Bundle:
    """The files, and what the first steps found in them."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.keys: dict[str, bytes] = {}
        self.entries: dict[str, Entry] = {}
        self.acts: dict[int, dict[str, Any]] = {}
        self.heads: dict[int, bytes] = {}
        self.signed: list[tuple[str, str]] = []  # (key, time) of everything signed
        self.rotations: list[tuple[str, str, str]] = []  # (older key, newer key, time)

    @property
    def record(self) -> Entry:
        if "record" not in self.entries:
            raise Unknown("the record itself does not hold")
        return self.entries["record"]

    def is_erased(self) -> bool:
        return any(entry.kind == "erasure" for entry in self.entries.values())


# --- The smallest steps ---------------------------------------------------------------------------


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def need(files: dict[str, bytes], name: str) -> bytes:
    if name not in files:
        raise Broken(name + " is missing")
    return files[name]


def take(where: Any, name: str, *kinds: type) -> Any:
    """A value of exactly one of these types."""
    if not isinstance(where, dict) or name not in where or type(where[name]) not in kinds:
        raise Broken(name + " is missing, or is not what it must be")
    return where[name]


def json_of(raw: bytes) -> Any:
    """JSON that two readers cannot read differently: no key twice, whole numbers below 2**53."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _value in pairs}) != len(pairs):
            raise Broken("a name stands twice in one JSON object")
        return dict(pairs)

    def refused(text: str) -> None:
        raise Broken("a number that is not whole")

    def whole(text: str) -> int:
        if len(text) > 17 or abs(int(text)) >= 2**53:
            raise Broken("a number that not every reader of JSON can hold")
        return int(text)

    if len(raw) > MOST_JSON:
        raise Broken("a JSON file that is too long")
    return json.loads(
        raw.decode("utf-8"),
        object_pairs_hook=once,
        parse_float=refused,
        parse_constant=refused,
        parse_int=whole,
    )


def canonical_json_of(raw: bytes) -> dict[str, Any]:
    """A JSON object, if these bytes are the one way to write it (RFC 8785, and text in NFC)."""
    says = json_of(raw)
    if not isinstance(says, dict):
        raise Broken("not a JSON object")
    refuse_ambiguous_text(says)
    again = json.dumps(says, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if again.encode("utf-8") != raw:
        raise Broken("its bytes are not in canonical form")
    return says


def refuse_ambiguous_text(value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if not name.isascii():
                raise Broken("a name that is not ASCII")
            refuse_ambiguous_text(inner)
    elif isinstance(value, list):
        for inner in value:
            refuse_ambiguous_text(inner)
    elif isinstance(value, str) and not unicodedata.is_normalized("NFC", value):
        raise Broken("text that is not in Unicode's normal form C")


def hexed(text: Any, length: int) -> bytes:
    """The bytes of lower-case hex digits, of exactly this length."""
    if not isinstance(text, str) or not re.fullmatch(f"[0-9a-f]{{{2 * length}}}", text):
        raise Broken(f"not {length} bytes in hex")
    return bytes.fromhex(text)


def letters(text: Any) -> bytes:
    """The 64 bytes of a signature from 86 letters of base64url."""
    if not isinstance(text, str) or not re.fullmatch("[-_0-9A-Za-z]{86}", text):
        raise Broken("not a signature")
    return base64.urlsafe_b64decode(text + "==")


def moment(text: str) -> dt.datetime:
    """2026-11-22T06:00:00.000000Z, and nothing shorter or in another zone."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text):
        raise Broken("a time that is not in UTC to the microsecond")
    return dt.datetime.fromisoformat(text[:-1] + "+00:00")


def plain(text: Any, most: int = 300) -> str:
    """What a bundle says, safe to show: nothing in it can move the cursor or turn the line around."""
    return "".join(each if each.isprintable() else "?" for each in str(text)[:most])


def is_signed(bundle: Bundle, key: str, signature: bytes, message: bytes) -> bool:
    if key not in bundle.keys:
        raise Broken("keys.json lacks the key that signed")
    try:
        Ed25519PublicKey.from_public_bytes(bundle.keys[key]).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- 1 and 2: the zip file and its manifest -------------------------------------------------------


def read_zip(path: str) -> dict[str, bytes]:
    """Every file by its name. Nothing is written to the disk, and no size that it claims is believed."""
    if os.path.getsize(path) > MOST_BYTES:
        raise Broken("the file is too large for a bundle of evidence")
    files: dict[str, bytes] = {}
    left = MOST_BYTES
    with zipfile.ZipFile(path) as zipped:
        parts = zipped.infolist()
        if len(parts) > MOST_FILES:
            raise Broken("it holds too many files")
        for part in parts:
            if not NAMES.fullmatch(part.filename) or part.filename in files:
                raise Broken(
                    "a file that does not belong there, or stands there twice: " + part.filename
                )
            if part.flag_bits & 1 or part.compress_type not in (
                zipfile.ZIP_STORED,
                zipfile.ZIP_DEFLATED,
            ):
                raise Broken("a file that is encrypted or packed in another way: " + part.filename)
            with zipped.open(part) as file:
                files[part.filename] = file.read(left + 1)
            left -= len(files[part.filename])
            if left < 0:
                raise Broken("unpacked it is too large for a bundle of evidence")
    if not files:
        raise Broken("there is nothing in it")
    return files


def open_bundle(bundle: Bundle, path: str) -> str:
    bundle.files = read_zip(path)
    return f"{len(bundle.files)} files, each known and once"


def check_keys(bundle: Bundle) -> str:
    found = json_of(need(bundle.files, "keys.json"))
    if not isinstance(found, dict):
        raise Broken("keys.json is not a list of keys")
    for name, text in found.items():
        if hashlib.sha256(hexed(text, 32)).hexdigest() != name:
            raise Broken("a key is not the one of its fingerprint")
        bundle.keys[name] = hexed(text, 32)
    return f"{len(found)} public key(s), each under its own fingerprint"


def check_manifest(bundle: Bundle) -> str:
    raw = need(bundle.files, "manifest.json")
    says = canonical_json_of(raw)
    signature = letters(need(bundle.files, "manifest.sig").decode("ascii"))
    key, listed = take(says, "key", str), take(says, "files", dict)
    if take(says, "entry", str) != "bundle" or not is_signed(bundle, key, signature, raw):
        raise Broken("the signature under manifest.json does not hold")
    bundle.signed.append((key, ""))
    for name, content in bundle.files.items():
        if name not in ("manifest.json", "manifest.sig"):
            if hashlib.sha256(content).hexdigest() != listed.get(name):
                raise Broken(name + " is not the file that the clinic put in")
    if take(says, "record", str) != bundle.record.hash:
        raise Broken("it belongs to another record")
    gone = sorted(set(listed) - set(bundle.files))
    if gone:
        raise Unknown("left out since the clinic made it: " + ", ".join(gone))
    return "every file is as the clinic put it in"


# --- 3 and 4: the entries and the keys ------------------------------------------------------------


def check_entry(bundle: Bundle, folder: str) -> str:
    entry = Entry(bundle.files, folder)
    if not is_signed(bundle, entry.key, entry.signature, bytes.fromhex(entry.hash)):
        raise Broken("the signature does not hold")
    wanted = {"record": "record", "publication": "publication", "rotations": "rotation"}
    if entry.kind != wanted.get(folder.split("/")[0], entry.kind):
        raise Broken("it is an entry of another kind: " + entry.kind)
    if take(entry.says, "v", int) != 1:
        raise Unknown("it is laid out in a newer way; take a newer verify_evidence.py")
    bundle.entries[folder] = entry
    bundle.signed.append((entry.key, entry.at))
    if entry.kind == "rotation":
        note_rotation(bundle, entry)
    demo = "DEMO DATA, of no patient. " if entry.says.get("demo") else ""
    return f"{demo}{entry.kind} of {entry.at}: canonical, hashed and signed"


def note_rotation(bundle: Bundle, entry: Entry) -> None:
    older, newer = (sha256(hexed(entry.says.get(each), 32)).hex() for each in ("from", "to"))
    both = entry.key == newer and is_signed(
        bundle, older, entry.cosignature, bytes.fromhex(entry.hash)
    )
    if not both:
        raise Broken("the change of the key is not signed by both keys")
    bundle.rotations.append((older, newer, entry.at))


def check_chain(bundle: Bundle, known: dict[str, str]) -> str:
    """Every key that signed is joined to each that you know, by rotations in either direction."""
    for key, at in bundle.signed:
        for older, _newer, retired in bundle.rotations:
            if key == older and at and moment(at) > moment(retired) + HAND_OVER:
                raise Broken("something was signed with a key that had been replaced before")
    for key, source in known.items() or [(bundle.record.key, "the record")]:
        joined = {key}
        for _round in bundle.rotations:
            for older, newer, _at in bundle.rotations:
                joined |= {older, newer} if joined & {older, newer} else set()
        if {used for used, _at in bundle.signed} - joined:
            raise Broken(f"something was signed with a key that nothing joins to that of {source}")
    if not known:
        raise Unknown(
            "the bundle's own word. Compare this fingerprint with one that you have from elsewhere: "
            + bundle.record.key
        )
    return "joined to the key of " + " and ".join(sorted(known.values()))


def check_receipt(bundle: Bundle, code: str) -> str:
    entry_hash, signature, key = read_receipt(code)
    if entry_hash != bundle.record.hash:
        raise Broken("the receipt is of another record")
    if not is_signed(bundle, key, signature, bytes.fromhex(entry_hash)):
        raise Broken("the receipt's signature does not hold")
    return "the patient's receipt is of exactly this record"


def read_receipt(code: str) -> tuple[str, bytes, str]:
    """Hash of the entry, signature, fingerprint: 32, 64 and 32 bytes in 171 letters of base64url."""
    code = "".join(code.split())
    if not re.fullmatch("[-_0-9A-Za-z]{171}", code):
        raise Broken("this is not a receipt's code of 171 letters")
    raw = base64.urlsafe_b64decode(code + "=")
    if base64.urlsafe_b64encode(raw).decode() != code + "=":
        raise Broken("the last letter of the receipt's code is not as the clinic writes it")
    return raw[:32].hex(), raw[32:96], raw[96:].hex()


# --- 5: what was shown and acknowledged -----------------------------------------------------------


def check_act(bundle: Bundle, number: int) -> str:
    """The number-th act of the record, from 1."""
    raw = need(bundle.files, f"acts/{number:02}.json")
    salt = hexed(need(bundle.files, f"acts/{number:02}.salt").decode("ascii"), 16)
    listed = take(bundle.record.says, "acts", list)
    if not 0 < number <= len(listed):
        raise Broken("the record has no such act")
    if sha256(salt, b"acknowledgement\x00", raw).hex() != listed[number - 1]:
        raise Broken("it is not the act that the record was sealed with")
    act = canonical_json_of(raw)
    words, statement, shown, done = (
        take(act, each, str) for each in ("words", "statement", "shown_at", "acknowledged_at")
    )
    if sha256((words + "\n\n" + statement).encode()).hex() != take(act, "words_hash", str):
        raise Broken("the hash of the words is not theirs")
    if not moment(shown) <= moment(done) <= moment(bundle.record.at):
        raise Broken("it was acknowledged before it was shown, or after the record was sealed")
    bundle.acts[number] = act
    seconds = (moment(done) - moment(shown)).total_seconds()
    return f"“{take(act, 'risk', str)}”, {done}, after {seconds:.0f} seconds"


def check_words(bundle: Bundle) -> str:
    """The words of each act that is laid open are those of the published list."""
    named = take(bundle.record.says, "list", str)
    if "publication" not in bundle.entries:
        raise Unknown(
            "no publication that holds is in the bundle" if named else "the record names none"
        )
    published = bundle.entries["publication"]
    if published.hash != named or published.at > bundle.record.at:
        raise Broken("it is not the publication that the record names")
    for name in ("treatment", "list_version"):
        if published.says.get(name) != bundle.record.says.get(name):
            raise Broken("the publication is of another list")
    language, risks = take(bundle.record.says, "language", str), take(published.says, "risks", list)
    if len(risks) != len(take(bundle.record.says, "acts", list)):
        raise Broken("the record does not have an act for each side effect of the list")
    statement = take(take(published.says, "statement", dict), language, str)
    for number, act in bundle.acts.items():
        risk = risks[number - 1]
        parts = [take(take(risk, part, dict), language, str) for part in PARTS]
        words = "\n\n".join(part for part in parts if part)
        if (take(risk, "key", str), words, statement) != (
            act["risk"],
            act["words"],
            act["statement"],
        ):
            raise Broken(f"act {number} does not have the published words")
    return f"{len(bundle.acts)} of {len(risks)} acts laid open, in the published words"


# --- 6: personal values ---------------------------------------------------------------------------


def check_particulars(bundle: Bundle) -> str:
    """Each value fits a commitment of the record, of an open act, or of what was said later."""
    if "particulars.json" not in bundle.files:
        raise Unknown("not in the bundle")
    record = take(bundle.record.says, "commitments", dict)
    places = {(take(record, field, str), field) for field in record}
    places |= {(take(act, "question", str), "question") for act in bundle.acts.values()}
    for entry in bundle.entries.values():
        if entry.folder.startswith("others/"):
            places |= {(each, "") for each in entry.says.values() if isinstance(each, str)}
    kept = json_of(need(bundle.files, "particulars.json"))
    if not isinstance(kept, list):
        raise Broken("particulars.json is not a list")
    if kept and bundle.is_erased():
        raise Broken("values lie here although the ledger says that they were erased")
    for each in kept:
        field, value, named = (take(each, name, str) for name in ("field", "value", "commitment"))
        salt = hexed(take(each, "salt", str), 16)
        if sha256(salt, field.encode(), b"\x00", value.encode()).hex() != named:
            raise Broken(f"the value of “{field}” is not the one that was committed to")
        if (named, field) not in places and (named, "") not in places:
            raise Broken(f"nothing here commits to the value of “{field}”")
    if bundle.is_erased():
        return "lawfully erased: the ledger has the entry of it; the commitments stand"
    return f"{len(kept)} value(s) laid open fit their commitments; the record has {len(record)}"


# --- 7: the tree and the anchors ------------------------------------------------------------------


def check_inclusion(bundle: Bundle, folder: str) -> str:
    entry = bundle.entries[folder]
    if entry.inclusion is None:
        raise Unknown(
            "not in the tree when the bundle was made (it takes a minute): ask for a new one"
        )
    index, size, path = (
        take(entry.inclusion, name, kind)
        for name, kind in (("index", int), ("size", int), ("path", list))
    )
    head = take(entry.inclusion, "head", str).encode("utf-8")
    at, head_size, root = check_head(bundle, head, letters(entry.inclusion.get("signature")))
    if head_size != size or bundle.heads.setdefault(size, root) != root:
        raise Broken("two trees of the same size have different roots")
    if moment(at) < moment(entry.at):
        raise Broken("the head is older than the entry")
    leaf = sha256(b"\x00", bytes.fromhex(entry.hash))
    if root_by_inclusion(leaf, index, size, [hexed(each, 32) for each in path]) != root:
        raise Broken("the path does not lead to the root")
    return f"leaf {index} of {size}, in the head of {at}"


def check_head(bundle: Bundle, raw: bytes, signature: bytes) -> tuple[str, int, bytes]:
    """A signed head's time, size and root. Its signature is of its bytes."""
    says = canonical_json_of(raw)
    at, key = take(says, "at", str), take(says, "key", str)
    if take(says, "entry", str) != "head" or not is_signed(bundle, key, signature, raw):
        raise Broken("the signature under the tree's head does not hold")
    bundle.signed.append((key, at))
    return at, take(says, "size", int), hexed(take(says, "root", str), 32)


def root_by_inclusion(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.3.2, with its names: fn, sn, r."""
    if not 0 <= index < size:
        raise Broken("there is no such leaf")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            raise Broken("the path is too long")
        if fn & 1 or fn == sn:
            r = sha256(b"\x01", p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01", r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise Broken("the path is too short")
    return r


def grows(
    first: int, first_root: bytes, second: int, second_root: bytes, path: list[bytes]
) -> bool:
    """RFC 9162 section 2.1.4.2, with its names: fn, sn, fr, sr."""
    if not 0 < first < second or not path:
        return False
    if first & (first - 1) == 0:
        path = [first_root, *path]
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = sha256(b"\x01", c, fr), sha256(b"\x01", c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha256(b"\x01", sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (fr, sr) == (first_root, second_root)


def check_anchors(bundle: Bundle, given: str) -> str:
    """Every head of yours that can be compared with the tree that holds the record."""
    anchors = read_anchors(given)
    inclusion = bundle.record.inclusion
    if inclusion is None:
        raise Unknown("the record is not in the tree yet")
    size, held = take(inclusion, "size", int), json_of(need(bundle.files, "growth.json"))
    paths = {
        take(each, "old", int): take(each, "path", list) for each in held if each["new"] == size
    }
    compared, sizes = 0, []
    for raw, signature in anchors:
        _at, old, root = check_head(bundle, raw, signature)
        sizes.append(old)
        if old in bundle.heads:
            if bundle.heads[old] != root:
                raise Broken(f"your anchor of {old} entries has another root than the tree")
        elif old in paths:
            path = [hexed(each, 32) for each in paths[old]]
            if not grows(old, root, size, bundle.heads[size], path):
                raise Broken(f"the tree does not begin with that of your anchor of {old}")
        else:
            continue
        compared += 1
    if not compared:
        raise Unknown(
            "the bundle has no proof from your anchor. Ask the clinic for one made with "
            f"--anchored {max(sizes)}"
        )
    return f"the tree agrees with {compared} of your {len(anchors)} anchors"


def read_anchors(given: str) -> list[tuple[bytes, bytes]]:
    """Heads and signatures from a file of anchors, from a saved e-mail, or from one line of these."""
    text = given
    if not given.lstrip().startswith("{"):
        with open(given, encoding="utf-8", errors="replace") as file:
            text = file.read(MOST_BYTES)
    found, lines = [], [line.strip() for line in text.splitlines() if line.strip()]
    for line, after in zip(lines, [*lines[1:], ""]):  # noqa: B905 (Python 3.9 has no strict=)
        try:
            says = json_of(line.encode()) if line.startswith("{") else {}
            if isinstance(says.get("head"), str):
                found.append((says["head"].encode(), letters(says.get("signature"))))
            elif says.get("entry") == "head":
                found.append((line.encode(), letters(after)))
        except (Broken, ValueError, RecursionError):
            continue  # a line that was cut short says nothing
    if not found:
        raise Broken("there is no head of the ledger in it")
    return found


# --- What was said later, and the same for hospital systems ---------------------------------------


def check_other(bundle: Bundle, folder: str) -> str:
    entry, record = bundle.entries[folder], bundle.record
    if entry.consultation != record.consultation:
        raise Broken("it belongs to another consultation")
    if entry.kind == "record":
        return f"another record of this consultation, of {entry.at}"
    if entry.says.get("record", record.hash) != record.hash:
        return f"{entry.kind} of {entry.at}, about another record of this consultation"
    if entry.kind in ("review", "withdrawal") and entry.at < record.at:
        raise Broken("it is older than the record")
    if entry.kind == "withdrawal":
        return f"ATTENTION: the acknowledgement was WITHDRAWN at {entry.at}"
    said = entry.says.get("decision") or entry.says.get("basis") or ""
    return f"{entry.kind} of {entry.at} {said} {entry.says.get('licence', '')}"


FHIR_ABOUT = {  # what is signed about what; no other kind of entry, and no other kind of resource
    "record": "QuestionnaireResponse",
    "review": "QuestionnaireResponse",
    "withdrawal": "QuestionnaireResponse",
    "publication": "Questionnaire",
    "erasure": "Patient",
}
FHIR_OTHERS = {"Organization", "RelatedPerson", "Practitioner", "Provenance", "Binary"}


def check_fhir(bundle: Bundle) -> str:
    """What fhir.json says of the acts, and each signature in it. Not: names, codes, people, proofs, and
    the questionnaire."""
    if "fhir.json" not in bundle.files:
        raise Unknown("not in the bundle")
    found = json_of(bundle.files["fhir.json"])
    named = {each["fullUrl"]: each["resource"] for each in found["entry"]}
    kinds = [each["resourceType"] for each in named.values()]
    if len(named) != len(found["entry"]) or (found["resourceType"], found["type"]) != (
        "Bundle",
        "collection",
    ):
        raise Broken("it is no collection, or two resources have one name")
    if not set(kinds) <= {*FHIR_ABOUT.values(), *FHIR_OTHERS}:
        raise Broken("it has a resource of a kind that does not belong there, such as Consent")
    (response,) = of_kind(named, "QuestionnaireResponse")
    signed = [fhir_origin(bundle, named, each) for each in of_kind(named, "Provenance")]
    hashes = [name for name, _says in signed]
    if hashes.count(bundle.record.hash) != 1 or len(set(hashes)) != kinds.count("Binary"):
        raise Broken("the signed bytes in it are not the record's, or stand there more than once")
    check_fhir_response(bundle, named, response, found["identifier"])
    check_fhir_acts(bundle, response)
    withdrawn = [says["at"] for _name, says in signed if says["entry"] == "withdrawal"]
    if withdrawn != [each["valueInstant"] for each in response.get("modifierExtension", [])]:
        raise Broken("it says something else of a withdrawal than what was signed")
    return (
        "of the record its hash, language, reader, declaration and times; of each open act its words, "
        f"statement, times and wish to talk; {len(signed)} signatures, with their bytes, key, time and target. "
        "Nothing else of it was compared"
    )


def of_kind(named: dict[str, Any], kind: str) -> list[Any]:
    return [each for each in named.values() if each["resourceType"] == kind]


def fhir_origin(bundle: Bundle, named: dict[str, Any], origin: Any) -> tuple[str, dict[str, Any]]:
    """The hash of what a Provenance signs, and what that says: its bytes, signature, time and target."""
    (signature,), (source,) = origin["signature"], origin["entity"][:1]
    about, beside = (each["reference"] for each in origin["target"])
    if named[beside]["resourceType"] != "Binary" or source["what"]["reference"] != beside:
        raise Broken("a signature in it stands beside no bytes")
    raw = base64.b64decode(named[beside]["data"], validate=True)
    says, name = canonical_json_of(raw), hashlib.sha256(raw).hexdigest()
    kind, key = take(says, "entry", str), take(says, "key", str)
    if named[about]["resourceType"] != FHIR_ABOUT.get(kind):
        raise Broken(f"a {kind} in it is said to be of something else")
    if not is_signed(bundle, key, base64.b64decode(signature["data"], validate=True), sha256(raw)):
        raise Broken(f"the signature of a {kind} in it does not hold")
    if (signature["when"], origin["recorded"]) != (says["at"], says["at"]):
        raise Broken(f"the time of a {kind} in it is not the one that was signed")
    if named[signature["who"]["reference"]]["resourceType"] != "Organization":
        raise Broken("a signature in it is said to be somebody else's than the clinic's")
    told = {each["url"]: each["valueString"] for each in signature["extension"][0]["extension"]}
    if told != {"fingerprint": key, "public": bundle.keys[key].hex()}:
        raise Broken("a signature in it names another key")
    belongs = {
        "record": name == bundle.record.hash,
        "publication": name == bundle.record.says["list"],
        "erasure": says["consultation"] == bundle.record.consultation,
    }.get(kind, says.get("record") == bundle.record.hash)
    if not belongs or source["what"]["identifier"]["value"] != name:
        raise Broken(f"a {kind} in it belongs to another record")
    return name, says


def check_fhir_response(
    bundle: Bundle, named: dict[str, Any], response: Any, identifier: Any
) -> None:
    """What stands above the acts, against the record's bytes."""
    says = bundle.record.says
    told = {
        each["url"].rsplit("/", 1)[1]: [value for name, value in each.items() if name != "url"]
        for each in response["extension"]
    }
    wanted = {
        name.replace("_", "-"): [says[name]] for name in ("read_by", "opened_at", "declaration")
    }
    above = (response["language"], response["status"], response["authored"])
    if told != wanted or above != (says["language"], "completed", says["at"]):
        raise Broken("its language, reader, declaration or times are not the record's")
    if {identifier["value"], response["identifier"]["value"]} != {bundle.record.hash}:
        raise Broken("it names another record")
    if named[response["subject"]["reference"]]["resourceType"] != "Patient":
        raise Broken("its answers are not a patient's")


def check_fhir_acts(bundle: Bundle, response: Any) -> None:
    """The acts that are laid open, in order; one that is not says why it is absent."""
    items = [item for item in response["item"] if "text" in item]
    acts = [act for _number, act in sorted(bundle.acts.items())]
    if [(item["linkId"], item["text"]) for item in items] != [
        (act["risk"], act["words"]) for act in acts
    ]:
        raise Broken("its words are not those that were acknowledged")
    for item, act in zip(items, acts):  # noqa: B905
        times = [
            (each["url"].rsplit("/", 1)[1], each["valueInstant"])
            for each in item["extension"]
            if "valueInstant" in each
        ]
        if times != [
            (name.replace("_", "-"), act[name]) for name in ("shown_at", "acknowledged_at")
        ]:
            raise Broken("its times are not those that were signed")
        (answer,) = item["answer"]
        (wish,) = [each["answer"] for each in answer["item"] if "wants-to-talk" in each["linkId"]]
        if answer["valueString"] != act["statement"] or wish != [
            {"valueBoolean": act["wants_to_talk"]}
        ]:
            raise Broken("its answers are not those that were acknowledged")


# --- All of it ------------------------------------------------------------------------------------


def attempt(
    lines: list[tuple[str, str, str]], what: str, step: Callable[..., str], *given: Any
) -> None:
    """One line of the result. Whatever a hostile bundle makes go wrong is a FAIL, never a crash."""
    try:
        lines.append((PASS, what, plain(step(*given))))
    except Unknown as why:
        lines.append((NOT_CHECKED, what, plain(why)))
    except Broken as why:
        lines.append((FAIL, what, plain(why)))
    except Exception as error:  # a wrong type, a missing name, too deep a nesting, ...
        lines.append((FAIL, what, f"cannot be read ({type(error).__name__})"))


def check_all(bundle: Bundle, args: argparse.Namespace) -> list[tuple[str, str, str]]:
    """Every step, in the order in which each rests on those before it."""
    lines: list[tuple[str, str, str]] = []
    folders = sorted(
        {"record"}
        | {name.rsplit("/", 1)[0] for name in bundle.files if name.endswith("content.json")},
        key=lambda name: (name != "record", name != "publication", name),
    )
    attempt(lines, "keys", check_keys, bundle)
    for folder in folders:
        attempt(lines, folder, check_entry, bundle, folder)
    attempt(lines, "manifest", check_manifest, bundle)
    for name in sorted(bundle.files):
        if re.match(r"acts/.*\.json", name):
            attempt(lines, "act " + str(int(name[5:-5])), check_act, bundle, int(name[5:-5]))
    attempt(lines, "published words", check_words, bundle)
    attempt(lines, "personal values", check_particulars, bundle)
    for folder in [each for each in folders if each in bundle.entries]:
        attempt(lines, "tree: " + folder, check_inclusion, bundle, folder)
        if folder.startswith("others/"):
            attempt(lines, "later: " + folder, check_other, bundle, folder)
    attempt(lines, "fhir.json", check_fhir, bundle)
    known = check_outside(lines, bundle, args)
    attempt(lines, "whose key", check_chain, bundle, known)
    return lines


def check_outside(
    lines: list[tuple[str, str, str]], bundle: Bundle, args: argparse.Namespace
) -> dict[str, str]:
    """What you have from elsewhere is compared; gives the fingerprints of keys that you know by it."""
    known: dict[str, str] = {}
    if args.receipt:
        attempt(lines, "receipt", check_receipt, bundle, args.receipt)
        if lines[-1][0] == PASS:
            known[read_receipt(args.receipt)[2]] = "the receipt"
    if args.head:
        attempt(lines, "anchors", check_anchors, bundle, args.head)
        if lines[-1][0] == PASS:
            for key in {json_of(raw)["key"] for raw, _signature in read_anchors(args.head)}:
                known[key] = " and ".join([*filter(None, [known.get(key)]), "the anchor"])
    else:
        lines.append((NOT_CHECKED, "anchors", "none given: --head FILE"))
    if args.fingerprint:
        key = "".join(args.fingerprint.split()).lower()
        known[key] = " and ".join([*filter(None, [known.get(key)]), "the fingerprint given"])
    return known


def arguments_of(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n", 1)[0],
        epilog="0: holds. 1: does not hold. 2: nothing failed, but not shown.",
    )
    parser.add_argument("bundle", help="the zip file")
    parser.add_argument("--receipt", help="the 171 letters of the patient's receipt")
    parser.add_argument("--fingerprint", help="of the clinic's public key, 64 hex digits")
    parser.add_argument(
        "--head", metavar="FILE", help="an anchor: the clinic's file, or a saved e-mail"
    )
    if "--receipt" in given[:-1]:  # a code may begin with "-", and would be taken for an option
        at = given.index("--receipt")
        given = [*given[:at], "--receipt=" + given[at + 1], *given[at + 2 :]]
    args = parser.parse_args(given)
    if not os.path.isfile(args.bundle):
        parser.error("there is no such file: " + args.bundle)
    return args


def main(given: list[str] | None = None) -> int:
    """Prints a line for each thing that was checked, and what it comes to."""
    args = arguments_of(sys.argv[1:] if given is None else given)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    bundle, lines = Bundle({}), []  # type: tuple[Bundle, list[tuple[str, str, str]]]
    attempt(lines, "zip file", open_bundle, bundle, args.bundle)
    if bundle.files:
        lines += check_all(bundle, args)
    width = max(len(what) for _verdict, what, _why in lines)
    for verdict, what, why in lines:
        sys.stdout.write(f"{verdict:11}  {what:{width}}  {why}\n")
    if any(verdict == FAIL for verdict, _what, _why in lines):
        sys.stdout.write("\nIt does NOT hold. Do not rely on this bundle.\n")
        return 1
    if any((verdict, what) == (NOT_CHECKED, "whose key") for verdict, what, _why in lines):
        sys.stdout.write("\nNothing failed, but the key is only the bundle's own word.\n")
        return 2
    sys.stdout.write("\nWhat was checked holds. See what was NOT CHECKED above.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
