"""The certificate as a PDF: both languages, the one that was read first; PDF/A-2a and PDF/UA-1."""

import functools
import json
import re
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import override

from bookings.receipts import Receipt
from clinic.i18n import Language
from clinic.times import FSI, LRI, PDI
from consent.certificate.facts import Certificate
from consent.certificate.letters import FONTS, direction_of, printable
from consent.certificate.telling import Kind, Line, Telling, Value, told_in

LAYOUT = Path(__file__).parent / "certificate.typ"
# What typst holds the document against while it writes it; ISO 19005-2 level A and ISO 14289-1.
STANDARDS: list[Any] = ["a-2a", "ua-1"]
DIRECTION = {"en": "ltr", "ar": "rtl"}
ISOLATES = re.compile(f"([{LRI}{FSI}{PDI}])")


def pdf_of(certificate: Certificate) -> bytes:
    """The PDF of a certificate: the same bytes each time, whenever it is made.

    It takes no lock and asks the database nothing. Nothing in it is markup but the layout: what people
    typed is data, and a letter that the fonts lack is shown by its stand-in.
    """
    layout = typst.Compiler(
        LAYOUT,
        root=LAYOUT.parent,
        font_paths=_fonts(),
        sys_inputs={"certificate": json.dumps(_said(certificate), ensure_ascii=False)},
    )
    paper = layout.compile(
        format="pdf",
        pdf_standards=STANDARDS,
        timestamp=certificate.record.sealed_at.replace(microsecond=0),
    )
    assert isinstance(paper, bytes)
    return paper


@functools.cache
def _fonts() -> typst.Fonts:
    """The fonts beside the layout and no others, read once: a paper looks the same on every machine."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )


def _said(certificate: Certificate) -> dict[str, Any]:
    """All that the layout is given."""
    read_in = certificate.reading.language
    languages = [read_in, *(code for code in Language.values if code != read_in)]
    tellings = [told_in(certificate, language, words_in=language) for language in languages]
    reference = certificate.record.consultation.grouped_reference
    return {
        "title": f"{tellings[0].title} {reference}",
        "author": certificate.clinic.name_en,
        "description": tellings[0].purpose,
        "reference": reference,
        **_link(certificate.receipt, read_in),
        "parts": [_part(telling) for telling in tellings],
    }


def _link(receipt: Receipt, language: str) -> dict[str, str]:
    """Where the receipt is checked, in the language that was read, and the QR code that leads there."""
    with override(language):
        return {"url": receipt.url, "qr": receipt.qr_svg}


def _part(telling: Telling) -> dict[str, Any]:
    def values(line: Line) -> dict[str, Any]:
        return {
            "label": line.label,
            "values": [one for value in line.values for one in _value(value, telling)],
        }

    return {
        "lang": telling.language,
        "dir": DIRECTION[telling.language],
        "title": telling.title,
        "purpose": telling.purpose,
        "notes": telling.notes,
        "page": telling.page,
        "about": [values(line) for line in telling.about],
        "risks": [
            {
                "place": risk.place,
                "name": printable(risk.name),
                "parts": [
                    {"heading": heading, "words": printable(words).split("\n")}
                    for heading, words in risk.parts
                ],
                "lines": [values(line) for line in risk.lines],
            }
            for risk in telling.risks
        ],
        "seal": [values(line) for line in telling.seal],
        "receipt_title": telling.receipt_title,
        "receipt": [values(line) for line in telling.receipt],
        "checking": telling.checking,
        "link": telling.link,
        "qr_alt": telling.qr_alt,
    }


def _value(value: Value, telling: Telling) -> list[dict[str, Any]]:
    """A value as lines of runs; a run with a direction keeps it whatever stands beside it."""
    own = DIRECTION[telling.language]
    if value.kind == Kind.CODE:
        return [{"dir": "ltr", "lang": "en", "code": True, "runs": [[value.text, ""]]}]
    if value.kind == Kind.SAID:
        way = direction_of(value.text, own)
        return [{"dir": way, "lang": telling.language, "code": False, "runs": _runs(value.text)}]
    words = printable(value.text)
    if value.kind == Kind.TYPED:
        return [
            {"dir": direction_of(line, own), "lang": "", "code": False, "runs": [[line, ""]]}
            for line in words.split("\n")
        ]
    return [{"dir": own, "lang": telling.language, "code": False, "runs": [[words, ""]]}]


def _runs(marked: str) -> list[list[str]]:
    """Text with isolates (U+2066 to 2069) as runs of [text, direction]: "" is the line's own.

    The marks themselves stay out of the PDF, where a copied text would hold them.
    """
    runs, inside = [], [""]
    for piece in ISOLATES.split(marked):
        if piece == LRI:
            inside.append("ltr")
        elif piece == FSI:
            inside.append("")
        elif piece == PDI:
            inside.pop()
        elif piece:
            runs.append([piece, inside[-1]])
    return runs
