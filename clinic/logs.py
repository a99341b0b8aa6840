"""What goes into a log: ids and places in our code; never tokens, and no value of a row that was refused."""

import logging
import re
import traceback
from collections.abc import Iterator

# The links of e-mails (/c/<token>/ and others) and a dermatologist's calendar feed, in either language,
# whatever stands in the token's place; and a whole token, wherever it stands (bookings/links.py).
LINK = re.compile(r"(/(?:c|prove|address|stop|calendar)/)[^/\s\"']+")
TOKEN = re.compile(r"\b[0-9A-Z]{1,18}\.[A-Za-z0-9_-]{32}(?![A-Za-z0-9_-])")
# What follows the first sentence of PostgreSQL's errors: the whole row that it refused, a key, a parameter.
# Celery writes an error as repr() does, so that a newline may stand there as two letters.
VALUES = re.compile(r"(?:\s|\\n)*(?<![A-Z])(?:DETAIL|CONTEXT|LINE \d+):.*", re.DOTALL)
INPUT = re.compile(r"(invalid input [^:\n]*|out of range[^:\n]*): \".*", re.DOTALL)


def without_tokens(text: str) -> str:
    """The text with the token of each private link left out."""
    return TOKEN.sub("…", LINK.sub(r"\1…", text))


def without_values(text: str) -> str:
    """The text without tokens, and without what PostgreSQL tells of a row that it refused."""
    return without_tokens(INPUT.sub(r"\1: …", VALUES.sub(" …", text)))


class WithoutTokens(logging.Filter):
    """Takes tokens and refused rows out of a line before a handler writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_values(record.getMessage())
        record.args = None
        return True


class InShort(logging.Formatter):
    """Writes of an exception its type, its first line, and where in the code it came about.

    That of each exception that led to it too, the first one first.
    """

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # what another handler made of it says more
        return super().format(record)

    def formatException(self, ei: object) -> str:  # noqa: N802 (the name is logging's)
        error = ei[1] if isinstance(ei, tuple) else None
        return "\n".join(line for one in _led_to(error) for line in _told(one))


def _led_to(error: BaseException | None) -> list[BaseException]:
    """The exceptions that led to this one, and it as the last."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.insert(0, error)
        before = None if error.__suppress_context__ else error.__context__
        error = error.__cause__ or before
    return found


def _told(error: BaseException) -> Iterator[str]:
    for place in traceback.extract_tb(error.__traceback__):
        yield f'  File "{place.filename}", line {place.lineno}, in {place.name}'
    first = without_values(str(error)).partition("\n")[0]
    yield f"{type(error).__module__}.{type(error).__qualname__}: {first}"


# Django's setting: one line for each event, on the error stream.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "clinic.logs.InShort",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "filters": {"without_tokens": {"()": "clinic.logs.WithoutTokens"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_tokens"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"celery.app.trace": {"level": "WARNING"}, "celery.beat": {"level": "WARNING"}},
}
