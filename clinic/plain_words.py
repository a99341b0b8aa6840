"""What people type, without the signs that nobody sees or that turn the letters around them round."""

import re
import unicodedata
from typing import Any

# Parts of a regular expression's class. Controls but the newline, and line and paragraph separators.
CONTROLS = r"\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029"
# The soft hyphen; marks that turn the direction of writing or have no width (Unicode's UAX 9 section 2 and
# UTR 36 section 2); notes between lines.
UNSEEN = r"\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
TAGS = r"\U000e0000-\U000e007f"
# Letters and marks that are drawn as nothing; beside others they mean something, alone they do not.
BLANK = r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"

_LEFT_OUT = re.compile(rf"(?![\u200c\u200d])[{UNSEEN}{TAGS}]")
# Joiners (ZWNJ, ZWJ) belong inside Persian and Indian words and into emoji, one at a time.
_JOINERS = re.compile(
    r"(?<=[^\s\u200c\u200d])([\u200c\u200d])[\u200c\u200d]*(?=[^\s\u200c\u200d])|[\u200c\u200d]+"
)
_VISIBLE = re.compile(rf"[^\s{UNSEEN}{TAGS}{BLANK}\U000e0100-\U000e01ef]")


def typed_words(text: Any) -> str:
    """What a person typed, composed (NFC), without outer spaces and what nobody sees.

    Without one visible letter it is "". Controls stay, for whoever reads it to refuse.
    """
    seen = _JOINERS.sub(r"\1", _LEFT_OUT.sub("", str(text or "")))
    words = unicodedata.normalize("NFC", seen).strip()
    return words if _VISIBLE.search(words) else ""
