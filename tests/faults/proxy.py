"""A TCP proxy before PostgreSQL that cuts a connection at COMMIT: just before it arrives, or just before its answer does."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg import conninfo

COMMIT = b"COMMIT"


class Proxy:
    """`arm("before")` or `arm("after")`: the next COMMIT is cut so, once."""

    def __init__(self, url: str) -> None:
        self.upstream = conninfo.conninfo_to_dict(url)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self.listener.getsockname()[1]
        self.cuts = {"before": 0, "after": 0}
        self.armed = ""
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self) -> str:
        """Where a process connects through it."""
        whole = self.upstream
        return (
            f"postgresql://{whole['user']}@127.0.0.1:{self.port}/{whole['dbname']}"
            "?sslmode=disable&gssencmode=disable"
        )

    def arm(self, when: str) -> None:
        with self.lock:
            self.armed = when

    def close(self) -> None:
        self.listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                client, _address = self.listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server = self._connect()
                for pump in (self._forth, self._back):
                    threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def _connect(self) -> socket.socket:
        host = str(self.upstream["host"])
        port = int(self.upstream.get("port") or os.environ.get("PGPORT", 5432))
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        line = socket.socket(socket.AF_UNIX)
        line.connect(f"{host}/.s.PGSQL.{port}")
        return line

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        """What the clinic says; a COMMIT is cut if the proxy is armed."""
        with suppress(OSError):
            while part := client.recv(65536):
                when = self._disarm() if COMMIT in part else ""
                if when == "after":
                    self._shut(client)
                    server.sendall(part)
                    self._wait_for_end(server)
                if when:
                    break
                server.sendall(part)
        self._shut(client)
        self._shut(server)

    def _back(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while part := server.recv(65536):
                client.sendall(part)
        self._shut(client)

    def _disarm(self) -> str:
        with self.lock:
            when, self.armed = self.armed, ""
            if when:
                self.cuts[when] += 1
            return when

    def _wait_for_end(self, server: socket.socket) -> None:
        """The answer to the COMMIT is read by `_back`, and goes nowhere: the client's end is shut."""
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _shut(self, line: socket.socket) -> None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


@contextmanager
def running(url: str) -> Iterator[Proxy]:
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
