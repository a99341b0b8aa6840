"""What goes into a log: ids, never tokens. An address that holds one is logged without it."""

import logging
import re

# The links of e-mails, /c/<token>/ and /prove/<token>/, and a dermatologist's calendar feed,
# /calendar/<token>/, in either language.
LINK = re.compile(r"(/(?:c|prove|calendar)/)[^/\s\"']+")


def without_tokens(text: str) -> str:
    """The text with the token of each private link left out."""
    return LINK.sub(r"\1…", text)


class WithoutTokens(logging.Filter):
    """Takes tokens out of a line before a handler writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_tokens(record.getMessage())
        record.args = None
        return True
