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
# More than a page or the API accepts: what is between, they refuse in their own words.
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
        declared = int(scope.headers.get("content-length") or 0)
        # One that says it is too long is refused by whom it was sent to, and never read.
        if scope.method not in WITHOUT_BODY and declared <= LONGEST_BODY:
            try:
                body = await asyncio.wait_for(_read(protocol), MAY_SEND_FOR)
            except TimeoutError:
                return protocol.response_empty(408, [("connection", "close")])
            if len(body) > LONGEST_BODY:
                return protocol.response_empty(413, [("connection", "close")])
        environ = environ_of(scope, body, length=declared or len(body))
        if not _says_all(scope.headers, environ):
            return protocol.response_empty(400, [("connection", "close")])
        answer = await self.loop.run_in_executor(self.threads, _answer, environ)
        protocol.response_bytes(*answer)


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


def environ_of(scope: Any, body: bytes, *, length: int) -> dict[str, Any]:
    """The request in WSGI's words (PEP 3333); `length` is what was declared."""
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
    environ["CONTENT_LENGTH"] = str(length)
    return environ


def _says_all(headers: Any, environ: dict[str, Any]) -> bool:
    """Whether what our proxy says is there: granian leaves out a line with a letter outside ASCII."""
    forwarded = [name for name in headers.keys() if name.startswith("x-forwarded-")]
    return all(f"HTTP_{name.upper().replace('-', '_')}" in environ for name in forwarded)


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
