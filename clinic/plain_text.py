"""Plain text: one spelling in bytes, and no sign that nobody can see."""

import re
import unicodedata

from django.utils.translation import gettext

from clinic.plain_words import CONTROLS, TAGS, UNSEEN

# No joiner either: none of the clinic's languages needs one. The same stands in PostgreSQL (migration
# 0006), and a test holds the two together.
HIDDEN = re.compile(f"[{CONTROLS}{UNSEEN}{TAGS}]")
WORDS_BEFORE = 25  # so many letters show a person where to look


def as_kept(typed: str) -> str:
    """What a person typed, spelt the one way that is stored: Unicode's form C, newlines as one sign."""
    return unicodedata.normalize("NFC", typed.replace("\r\n", "\n").replace("\r", "\n"))


def trouble_in(text: str) -> str:
    """Why a text cannot be stored, and at which place, in a sentence; "" where it can."""
    hidden = HIDDEN.search(text)
    if hidden is not None:
        code = f"U+{ord(hidden[0]):04X}"
        before = HIDDEN.sub("", text[: hidden.start()])[-WORDS_BEFORE:].strip()
        if not before:
            return gettext(
                "There is a sign at the beginning that nobody can see (%(code)s). Delete it."
            ) % {"code": code}
        return gettext(
            "There is a sign that nobody can see (%(code)s) after “%(before)s”. Delete it."
        ) % {"code": code, "before": before}
    if not unicodedata.is_normalized("NFC", text):
        return gettext(
            "These letters are put together from parts (not Unicode's form NFC). Type them again."
        )
    return ""


def folded(text: str) -> str:
    """A text as two are compared: small letters, without marks (تساقُط, أ) or a long line (ـ), spaces as one."""
    bare = "".join(
        sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)
    )
    return " ".join(bare.replace("\u0640", "").casefold().split())


def names(text: str, name: str) -> bool:
    """Whether a name stands in a text; an Arabic one also without its article, or with a word before it."""
    wanted = folded(name)
    if wanted.startswith("ال") and len(wanted) > 4:
        wanted = wanted.removeprefix("ال")
    return bool(wanted) and wanted in folded(text)
