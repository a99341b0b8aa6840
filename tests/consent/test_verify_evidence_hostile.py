"""verify_evidence.py against bundles that were made to crash it, to fill the disk, or to lie on the screen."""

import io
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import ledger, verify_evidence
from consent.bundle import VERIFIER, bundle_of
from consent.ledger import tree
from tests.consent import bundles, exhibits

DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


def run(path, *options):
    """As the expert runs it, so that a traceback would be seen."""
    done = subprocess.run(
        [sys.executable, "-I", VERIFIER, path, *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


def of_parts(parts):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts:
            zipped.writestr(name, content)
    return made.getvalue()


def bomb():
    return of_parts([("README.txt", b"\0" * 300_000_000)])


def claims_to_be_small():
    """The header says 10 bytes; there are 50,000,000."""
    made = bytearray(of_parts([("README.txt", b"\0" * 50_000_000)]))
    at = made.index(b"PK\x01\x02")
    made[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(made)


def encrypted():
    made = bytearray(of_parts([("README.txt", b"hello")]))
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def twice():
    return of_parts([("keys.json", b"{}"), ("keys.json", b"[]")])


HOSTILE = {
    "nothing": b"",
    "no zip": b"hello" * 100,
    "an empty zip": of_parts([]),
    "half a zip": of_parts([("README.txt", b"hello" * 1000)])[:-30],
    "a bomb": bomb,
    "a bomb that claims to be small": claims_to_be_small,
    "encrypted": encrypted,
    "a path that leads out": of_parts([("../../etc/passwd", b"x")]),
    "an absolute path": of_parts([("/etc/passwd", b"x")]),
    "a folder": of_parts([("record/", b"")]),
    "a name of control letters": of_parts([("\x1b[2J.json", b"x")]),
    "a file twice": twice,
    "too many files": lambda: of_parts((f"acts/{n:04}.json", b"") for n in range(9_999)),
    "too deep": of_parts([("keys.json", b"{}"), ("record/content.json", DEEP), ("record/seal.json", DEEP)]),
    "a huge number": of_parts([("keys.json", b"{}"), ("record/content.json", b'{"v":' + b"9" * 900_000 + b"}")]),
    "no numbers": of_parts([("keys.json", b"{}"), ("record/content.json", b'{"v":NaN,"w":Infinity}')]),
    "a name twice": of_parts([("keys.json", b'{"a":1,"a":2}')]),
    "not UTF-8": of_parts([("keys.json", b"\xff\xfe"), ("manifest.json", b"\xff")]),
    "a lone surrogate": of_parts([("record/content.json", b'{"v":"\\ud800"}'), ("record/seal.json", b"{}")]),
    "other types": of_parts(
        [(name, b"[[1]]") for name in ("keys.json", "particulars.json", "growth.json", "fhir.json")]
        + [(name, b'"x"') for name in ("record/content.json", "record/seal.json", "manifest.json")]
    ),
    "null everywhere": of_parts(
        (name, b"null")
        for name in ("keys.json", "record/content.json", "record/seal.json", "acts/01.json", "fhir.json")
    ),
}  # fmt: skip


NOT_OPENED = list(HOSTILE)[: list(HOSTILE).index("too deep")]  # refused for the zip file alone


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_without_a_crash(tmp_path, what):
    made = HOSTILE[what]
    path = tmp_path / "bundle.zip"
    path.write_bytes(made() if callable(made) else made)
    done = run(path, "--receipt", "x", "--head", "{}", "--fingerprint", "ü")
    assert done.returncode == 1, done.stdout
    assert "FAIL" in done.stdout
    assert re.match("FAIL +zip file", done.stdout) or what not in NOT_OPENED
    assert "\x1b" not in done.stdout
    assert [each.name for each in tmp_path.iterdir()] == ["bundle.zip"], "nothing is unpacked"


def test_a_file_that_is_not_there_is_said(tmp_path):
    assert run(tmp_path / "nowhere.zip").returncode == 2
    (tmp_path / "bundle.zip").write_bytes(of_parts([]))
    done = run(tmp_path / "bundle.zip", "--head", str(tmp_path / "nowhere"))
    assert done.returncode == 1


@pytest.mark.django_db
def test_what_a_bundle_says_cannot_write_over_the_screen(tmp_path, capsys):
    files = bundles.files_of(bundle_of(exhibits.english()))
    says = json.loads(files["record/content.json"])
    says["entry"] = "record\x1b[2J\u202egnihton\r\nPASS  all of it"
    files["record/content.json"] = ledger.canonical(says)
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundles.zipped(files))
    assert verify_evidence.main([str(path)]) == 1
    out = capsys.readouterr().out
    assert not {"\x1b", "\u202e", "\r"} & set(out)
    assert not [line for line in out.splitlines() if line.startswith("PASS  all")]


@pytest.fixture(scope="module")
def whole(django_db_setup, django_db_blocker):
    """One bundle's bytes, made in a transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = bundle_of(exhibits.in_the_tree(exhibits.asking()))
        transaction.set_rollback(True)
    return made


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_flip_of_bytes_crashes_it(tmp_path, capsys, whole, data):
    """Anywhere in the zip file, its own structures included. It may hold (a time in the zip), not crash."""
    changed = bytearray(whole)
    for _flip in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "bundle.zip"
    path.write_bytes(bytes(changed))
    assert verify_evidence.main([str(path)]) in (1, 2)
    capsys.readouterr()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_value_in_place_of_another_crashes_it(tmp_path, capsys, whole, data):
    files = bundles.files_of(whole)
    name = data.draw(st.sampled_from(sorted(each for each in files if each.endswith(".json"))))
    says = json.loads(files[name])
    where = says
    while isinstance(where, dict | list) and where:
        key = data.draw(
            st.sampled_from(sorted(where) if isinstance(where, dict) else range(len(where)))
        )
        if not isinstance(where[key], dict | list) or not where[key] or data.draw(st.booleans()):
            where[key] = data.draw(VALUES)
            break
        where = where[key]
    files[name] = json.dumps(says).encode()
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundles.zipped(files))
    assert verify_evidence.main([str(path)]) in (1, 2)
    capsys.readouterr()


# --- The two implementations agree ------------------------------------------------------------


@pytest.mark.parametrize("size", range(1, 34))
def test_both_implementations_of_the_tree_agree(size):
    """Ours and the verifier's, written apart: every proof of every tree up to 33, right and wrong."""
    leaves = [tree.leaf_hash(bytes([number])) for number in range(size)]

    def node(level, index):
        return tree.root(leaves[index << level : (index + 1) << level])

    root = tree.root(leaves)
    for index, leaf in enumerate(leaves):
        path = tree.inclusion_path(index, size, node)
        assert verify_evidence.root_by_inclusion(leaf, index, size, path) == root
        for wrong in (path[:-1] if path else [root], [*path, root]):
            with pytest.raises(verify_evidence.Broken):
                verify_evidence.root_by_inclusion(leaf, index, size, wrong)
    for old in range(1, size):
        path = tree.consistency_path(old, size, node)
        old_root = tree.root(leaves[:old])
        assert verify_evidence.grows(old, old_root, size, root, path)
        assert not verify_evidence.grows(old, root, size, root, path)
        assert not verify_evidence.grows(old, old_root, size, old_root, path)
        assert not verify_evidence.grows(old, old_root, size, root, path[:-1])
        assert not verify_evidence.grows(old, old_root, size, root, [*path, root])


@given(
    st.dictionaries(
        st.text(alphabet=st.characters(max_codepoint=126, min_codepoint=32), max_size=6),
        st.integers(-(2**50), 2**50) | st.text(max_size=12) | st.booleans() | st.none(),
        max_size=5,
    )
)
def test_both_implementations_of_canonical_json_agree(value):
    try:
        content = ledger.canonical(value)
    except ValueError:
        return  # text that is not in NFC, or a lone surrogate
    assert verify_evidence.canonical_json_of(content) == value
    for other in (json.dumps(value).encode() + b" ", json.dumps(value, indent=1).encode()):
        if other != content:
            with pytest.raises(verify_evidence.Broken):
                verify_evidence.canonical_json_of(other)


def test_both_implementations_of_a_commitment_agree():
    salt = zlib.compress(b"salt")[:16].ljust(16, b"\0")
    for field, value in (("email", "a@example.com"), ("question", "هل هذا آمن؟")):
        mine = verify_evidence.sha256(salt, field.encode(), b"\x00", value.encode()).hex()
        assert mine == ledger.commitment(field, value, salt)
