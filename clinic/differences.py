"""What differs between two texts, word by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

Kind = Literal["same", "added", "removed"]
WORDS_AND_SPACES = re.compile(r"\s+|\S+")


@dataclass(frozen=True)
class Piece:
    """Words in a row that stand in both texts, in the new one alone, or in the old one alone."""

    kind: Kind
    words: str


def marked(old: str, new: str) -> list[Piece]:
    """Both texts in one, piece by piece; what was removed stands before what was added there.

    "same" and "added" together are the new text, letter by letter; "same" and "removed" the old one.
    """
    pieces: list[Piece] = []
    for is_same, stretch in groupby(_stretches(old, new), lambda pair: pair[0] == pair[1]):
        pairs = list(stretch)
        before = "".join(pair[0] for pair in pairs)
        after = "".join(pair[1] for pair in pairs)
        if is_same:
            pieces.append(Piece("same", after))
            continue
        pieces += [Piece("removed", before)] if before else []
        pieces += [Piece("added", after)] if after else []
    return pieces


def _stretches(old: str, new: str) -> list[tuple[str, str]]:
    """(words of the old text, words of the new one), in order; a space between two changed words
    counts as changed, so that a reader meets a phrase and not its crumbs.
    """
    before, after = WORDS_AND_SPACES.findall(old), WORDS_AND_SPACES.findall(new)
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    found: list[tuple[str, str]] = []
    for number, (kind, a, b, c, d) in enumerate(steps):
        words = "".join(after[c:d])
        inside = 0 < number < len(steps) - 1
        if kind == "equal" and inside and not words.strip():
            found += [(words, ""), ("", words)]
        else:
            found.append(("".join(before[a:b]), words))
    return found
