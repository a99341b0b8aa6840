"""The demo's inbox: the e-mails that the local mail catcher was given. Not there outside the demo."""

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from csp.decorators import csp
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

SHOWN = 200
SUFFIX = ".eml"
BROUGHT = re.compile(r'src="cid:([-.\w]+)"')
NAME = re.compile(r"[0-9T]{1,30}-[0-9]{1,10}")  # as the mail catcher names its files


@dataclass(frozen=True)
class Mail:
    """One e-mail as it was sent: its name is that of its file."""

    name: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def sender(self) -> str:
        return str(self.message["From"] or "")

    @property
    def to(self) -> str:
        return str(self.message["To"] or "")

    @property
    def language(self) -> str:
        return str(self.message["Content-Language"] or "")

    @property
    def sent_at(self) -> datetime | None:
        return parsedate_to_datetime(self.message["Date"]) if self.message["Date"] else None

    def text(self) -> str:
        return _words(self.message, "plain")

    def html(self) -> str:
        """The HTML, with the pictures that the e-mail itself brings (RFC 2392) in their places."""
        return BROUGHT.sub(self._picture, _words(self.message, "html"))

    def _picture(self, match: re.Match[str]) -> str:
        for part in self.attachments():
            if part["Content-ID"] == f"<{match[1]}>" and part.get_content_type() == "image/png":
                picture = base64.b64encode(part.get_content()).decode()
                return f'src="data:image/png;base64,{picture}"'
        return match[0]

    def attachments(self) -> list[EmailMessage]:
        return [part for part in self.message.iter_attachments() if isinstance(part, EmailMessage)]

    def attachment_names(self) -> list[str]:
        """By their file names; a template that asks a part by itself is given its headers."""
        return [part.get_filename() or part.get_content_type() for part in self.attachments()]


def _words(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body else ""


def _read(path: Path) -> Mail:
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert isinstance(message, EmailMessage)  # noqa: S101 (policy.default makes these)
    return Mail(path.name.removesuffix(SUFFIX), message)


def newest() -> list[Mail]:
    """What was caught, newest first; file names begin with the time of arrival."""
    paths = sorted(settings.DEMO_MAIL_FOLDER.glob(f"*{SUFFIX}"), reverse=True)
    return [_read(path) for path in paths[:SHOWN]]


def _mail_or_404(name: str) -> Mail:
    _only_in_the_demo()
    path = settings.DEMO_MAIL_FOLDER / f"{name}{SUFFIX}"
    if not NAME.fullmatch(name) or not path.is_file():
        raise Http404
    return _read(path)


def _only_in_the_demo() -> None:
    if not settings.DEMO:
        raise Http404


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """All e-mails, newest first."""
    _only_in_the_demo()
    return render(request, "clinic/inbox.html", {"mails": newest()})


@require_safe
def message(request: HttpRequest, name: str) -> HttpResponse:
    """One e-mail as text, with its attachments."""
    return render(request, "clinic/inbox_message.html", {"mail": _mail_or_404(name)})


@require_safe
@csp(  # type: ignore[arg-type]  # annotated for views without arguments
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "sandbox": True,
    }
)
def message_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part as a mail program would show it: no scripts, nothing fetched."""
    return HttpResponse(_mail_or_404(name).html())


@require_safe
def attachment(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """An attachment as a download; the first is number 1."""
    attachments = _mail_or_404(name).attachments()
    if not 1 <= number <= len(attachments):
        raise Http404
    part = attachments[number - 1]
    response = HttpResponse(part.get_payload(decode=True), content_type=part.get_content_type())
    response.headers["Content-Disposition"] = f'attachment; filename="{number}-{name}"'
    if filename := part.get_filename():
        safe = "".join(letter for letter in filename if letter.isalnum() or letter in "._-")
        response.headers["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response
