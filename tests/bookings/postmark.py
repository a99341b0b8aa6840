"""Postmark's API, spoken by a server on the loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests import processes

TAKEN = {
    "ErrorCode": 0,
    "Message": "OK",
    "MessageID": "b7bc2f4a",
    "SubmittedAt": "2026-11-22T06:00:00Z",
}


class Postmark:
    """Keeps each call, and answers as it is told: a status and words, or nothing at all."""

    def __init__(self) -> None:
        self.calls: list[dict] = []
        self.status, self.words, self.hangs_up = 200, json.dumps(TAKEN), False
        self.port = processes.free_port()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        call = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.calls.append(call | {"token": handler.headers["X-Postmark-Server-Token"]})
        if self.hangs_up:
            handler.close_connection = True
            return
        words = self.words.replace("TO", call.get("To", "")).encode()
        handler.send_response(self.status)
        handler.send_header("Content-Length", str(len(words)))
        handler.end_headers()
        handler.wfile.write(words)


@contextmanager
def listening(service: Postmark) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:  # noqa: N802
            with suppress(BrokenPipeError):
                service.answer(self)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", service.port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
