"""Which letters the certificate's fonts can draw, and how people's own words are made ready for paper."""

import re
import unicodedata
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
STAND_IN = "\ufffd"  # for a letter that neither font has: PDF/A allows no missing glyph
LONG_WORD = 32  # letters; a longer one may break anywhere, or it would leave the paper
MAY_BREAK = "\u200b"
# Direction marks, isolates and overrides: here each value's direction is set from outside (UAX #9).
DIRECTING = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def _drawn() -> frozenset[int]:
    """The code points of fonts/letters.txt, which make_fonts.py writes: one range a line, in hex."""
    found: set[int] = set()
    for line in (FONTS / "letters.txt").read_text().split():
        first, _dash, last = line.partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(found)


DRAWN = _drawn()


def printable(text: str) -> str:
    """A person's own words as the paper can show them: line ends kept, strange letters stood in for.

    The page shows every letter; only the paper is bound to its two fonts.
    """
    plain = unicodedata.normalize("NFC", text).translate(DIRECTING)
    plain = re.sub(r"\r\n?|[\u0085\u2028\u2029\x0b\x0c]", "\n", plain).replace("\t", " ")
    drawn = "".join(one if one == "\n" or ord(one) in DRAWN else STAND_IN for one in plain)
    return re.sub(rf"[^\s]{{{LONG_WORD + 1},}}", _with_breaks, drawn)


def direction_of(text: str, otherwise: str) -> str:
    """ "rtl" or "ltr" by the first letter that has a direction, as `dir="auto"` does in HTML."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return otherwise


def _with_breaks(word: re.Match[str]) -> str:
    letters = word[0]
    return MAY_BREAK.join(letters[at : at + LONG_WORD] for at in range(0, len(letters), LONG_WORD))
