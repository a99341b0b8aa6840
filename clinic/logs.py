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


# Django's setting: one line for each event, on the error stream.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
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
