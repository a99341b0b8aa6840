"""The web server's way in (granian, RSGI): a request is read whole before a thread works on it.

A client that sends one byte a second costs a coroutine, not a thread: sixty-four of them stop gunicorn,
and granian's own WSGI (docs/decisions/009). A header name with an underscore is dropped: CGI's names
cannot tell X_Forwarded_For, which anybody may send, from what our proxy says.
"""

import asyncio
import io
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from clinic.wsgi import application

THREADS = 4  # of one process; each keeps a connection to PostgreSQL
MAY_SEND_FOR = 15.0  # seconds, for a whole body
# More than any page or the API accepts; they refuse what is longer, in their own words.
LONGEST_BODY = 1024 * 1024  # bytes
WITHOUT_BODY = ("GET", "HEAD")
Answer = tuple[int, list[tuple[str, str]], bytes]


class WebServer:
    """What granian calls: `__rsgi_init__` once in each process, `__rsgi__` for each request."""

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.threads.shutdown()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answers one request. 408: its body does not come; 413: it has no end; 400: see _says_all."""
        body = b""
        announced = _announced(scope.headers)
        if scope.method not in WITHOUT_BODY and announced <= LONGEST_BODY:
            try:
                body = await asyncio.wait_for(_read(protocol), MAY_SEND_FOR)
            except TimeoutError:
                return protocol.response_empty(408, [("connection", "close")])
            if len(body) > LONGEST_BODY:
                return protocol.response_empty(413, [("connection", "close")])
            if announced and len(body) != announced:  # it broke off: nobody answers for the rest
                return protocol.response_empty(400, [("connection", "close")])
        environ = environ_of(scope, body)
        if announced > LONGEST_BODY:  # not waited for: Django refuses it by its length
            environ["CONTENT_LENGTH"] = str(announced)
        if not _says_all(scope.headers, environ):
            return protocol.response_empty(400, [("connection", "close")])
        status, headers, content = await self.loop.run_in_executor(self.threads, _answer, environ)
        if announced > LONGEST_BODY:
            headers.append(("connection", "close"))
        protocol.response_bytes(status, headers, content)


def _announced(headers: Any) -> int:
    """The length that the head says a body has; the server has refused what is no number."""
    length = headers.get("content-length") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


async def _read(protocol: Any) -> bytes:
    """The body, or a little more of it than is allowed."""
    parts: list[bytes] = []
    length = 0
    async for part in protocol:
        parts.append(part)
        length += len(part)
        if length > LONGEST_BODY:
            break
    return b"".join(parts)


def environ_of(scope: Any, body: bytes) -> dict[str, Any]:
    """The request in WSGI's words (PEP 3333)."""
    server, _colon, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = f"HTTP_{name.upper().replace('-', '_')}"
        between = "; " if name == "cookie" else ","  # RFC 9110 section 5.3, RFC 9113 section 8.2.3
        environ[key] = f"{environ[key]}{between}{value}" if key in environ else value
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _says_all(headers: Any, environ: dict[str, Any]) -> bool:
    """Whether what decides is there: granian leaves out a line with a letter outside ASCII. Of our
    proxy it is who asks; of an Idempotency-Key, that the write is to be done once.
    """
    decide = [name for name in headers.keys() if name.startswith(("x-forwarded-", "idempotency-"))]
    return all(f"HTTP_{name.upper().replace('-', '_')}" in environ for name in decide)


def _answer(environ: dict[str, Any]) -> Answer:
    """What Django answers; runs in a thread."""
    status, headers = 500, []
    written: list[bytes] = []

    def start_response(
        line: str, fields: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        nonlocal status, headers
        status, headers = int(line[:3]), [(name.lower(), value) for name, value in fields]
        return written.append

    parts = application(environ, start_response)
    try:
        return status, headers, b"".join([*written, *parts])
    finally:
        parts.close()


server = WebServer()
