"""Bundles of evidence in tests: taken apart, put together again, and checked as an expert does."""

import contextlib
import io
import json
import re
import tempfile
import zipfile

from consent import ledger, verify_evidence


def files_of(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as zipped:
        return {part.filename: zipped.read(part) for part in zipped.infolist()}


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return made.getvalue()


def verify(
    bundle: bytes | dict[str, bytes], *options: str
) -> tuple[int, dict[str, tuple[str, str]]]:
    """What the expert sees: the exit code, and for each thing the verdict and why."""
    shown = io.StringIO()
    with tempfile.NamedTemporaryFile(suffix=".zip") as file, contextlib.redirect_stdout(shown):
        file.write(bundle if isinstance(bundle, bytes) else zipped(bundle))
        file.flush()
        code = verify_evidence.main([file.name, *options])
    lines = re.findall(r"^(PASS|FAIL|NOT CHECKED) +(\S.*?)  +(.*)$", shown.getvalue(), re.MULTILINE)
    return code, {what: (verdict, why) for verdict, what, why in lines}


def failed(lines: dict[str, tuple[str, str]]) -> set[str]:
    return {what for what, (verdict, _why) in lines.items() if verdict == "FAIL"}


def signed_again(files: dict[str, bytes]) -> dict[str, bytes]:
    """What somebody makes who has the clinic's key but not the patient's receipt: a new manifest."""
    manifest = json.loads(files["manifest.json"])
    manifest["key"] = ledger.signing_key_id()
    manifest["files"] = {
        name: ledger.sha256(content)
        for name, content in files.items()
        if not name.startswith("manifest.")
    }
    content = ledger.canonical(manifest)
    signature = ledger.signature_letters(ledger.sign(content).signature)
    return files | {"manifest.json": content, "manifest.sig": signature.encode()}
