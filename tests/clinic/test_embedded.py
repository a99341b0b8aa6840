"""The embedded servers: started once, shared, stopped when nobody is left, and plain about trouble."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from clinic import embedded
from clinic.embedded.places import find_place
from tests.processes import CHECKOUT, processes_of, runs, wait_until, without_urls

AS_ROOT = os.geteuid() == 0
HOLD = """
import sys
from pathlib import Path
from clinic import embedded
try:
    embedded.join(fsync=False, folder=Path(sys.argv[1]))
except embedded.EmbeddedError as error:
    sys.exit(str(error))
print("joined", flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(folder: Path, **more: str) -> Iterator[subprocess.Popen]:
    """Another process that has joined the servers in `folder`, until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        cwd=CHECKOUT,
        env=without_urls(**more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        said = process.stdout.readline()
        assert said == "joined\n", process.stderr and process.stderr.read()
        try:
            yield process
        finally:
            process.kill()


def refusal(folder: Path, *, program: str = HOLD) -> str:
    """What a process that cannot join says, as its only words."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        cwd=CHECKOUT,
        env=without_urls(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


def server_pid(folder: Path) -> int:
    text = (find_place(folder).folder / "postgres" / "postmaster.pid").read_text()
    return int(text.split()[0])


@pytest.fixture
def folder() -> Iterator[Path]:
    """A state folder that the servers' user can reach (pytest's own tmp_path is private)."""
    with tempfile.TemporaryDirectory(prefix="clinic-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        state = Path(name) / "state"
        yield state
        wait_until(lambda: not processes_of(state), what="the end of every server")


@pytest.fixture(scope="module")
def made_before() -> Iterator[Path]:
    """A data folder of an earlier run, for tests that break it."""
    with tempfile.TemporaryDirectory(prefix="clinic-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        with holding(Path(name)):
            pass
        wait_until(lambda: not processes_of(Path(name)))
        yield Path(name) / "postgres"


@pytest.fixture
def used(folder, made_before) -> Path:
    """A state folder that was used before: saves making the data folder."""
    folder.mkdir(mode=0o755)
    subprocess.run(["cp", "-a", made_before, folder / "postgres"], check=True)
    return folder


def test_addresses_start_nothing(folder):
    assert "host=" in embedded.addresses(folder).database_url
    assert not folder.exists()


def test_the_servers_answer_and_the_two_roles_have_only_their_own_rights(used):
    where = embedded.addresses(used)
    with holding(used):
        with psycopg.connect(where.database_owner_url) as owner:
            owner.execute("CREATE TABLE of_the_owner ()")
            rights = owner.execute(
                "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles"
                " WHERE rolname LIKE 'clinic%' ORDER BY 1"
            ).fetchall()
        assert rights == [
            ("clinic_app", False, False, False),
            ("clinic_owner", False, True, False),
        ]
        with psycopg.connect(where.database_url) as app:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("CREATE TABLE of_the_application ()")
            app.rollback()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("SELECT * FROM of_the_owner")
        socket = where.redis_url.removeprefix("redis+socket://")
        assert redis.Redis(unix_socket_path=socket).ping()


def test_a_second_process_joins_and_the_last_to_leave_ends_the_servers_even_by_kill_9(used):
    with holding(used) as first:
        pid = server_pid(used)
        with holding(used) as second:
            assert server_pid(used) == pid
            first.kill()
            first.wait()
            with pytest.raises(AssertionError):
                wait_until(lambda: not runs(pid), seconds=1)
            second.kill()
        wait_until(lambda: not processes_of(used), what="the end of the servers")


def test_a_fork_of_a_holder_holds_too(used):
    fork = (
        HOLD
        + "\nimport os, time\nif os.fork() == 0:\n    time.sleep(1.5)\n    os._exit(0)\nos._exit(0)"
    )
    subprocess.run(
        [sys.executable, "-c", fork, str(used)],
        cwd=CHECKOUT,
        env=without_urls(),
        stdin=subprocess.DEVNULL,
        check=True,
    )
    pid = server_pid(used)
    with pytest.raises(AssertionError):
        wait_until(lambda: not runs(pid), seconds=0.8)
    wait_until(lambda: not runs(pid), what="the end of the server after the fork's")


def test_a_server_that_was_killed_is_started_again_with_every_committed_row(used):
    url = embedded.addresses(used).database_owner_url
    with holding(used):
        with psycopg.connect(url) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 1")
        pid = server_pid(used)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: answers(url), what="a server that was started again")
        assert server_pid(used) != pid
        with psycopg.connect(url) as owner:
            assert owner.execute("SELECT * FROM kept").fetchone() == (1,)


def answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells the server on Linux only")
def test_a_keeper_that_was_killed_leaves_no_server_and_the_next_to_join_starts_one(used):
    with holding(used):
        pid = server_pid(used)
        parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        os.kill(parent, signal.SIGKILL)
        with holding(used):  # at once: the old server may still be stopping
            assert not runs(pid)
            assert answers(embedded.addresses(used).database_url)


def test_only_what_the_environment_does_not_name_is_started(folder):
    with holding(folder, DATABASE_URL="postgresql://elsewhere/clinic"):
        assert not (folder / "postgres").exists()
        assert (folder / "run" / "valkey.sock").exists()
    wait_until(lambda: not processes_of(folder))
    with holding(
        folder, DATABASE_URL="postgresql://elsewhere/clinic", REDIS_URL="redis://elsewhere"
    ):
        assert not (folder / "run" / "valkey.sock").exists()


@pytest.mark.parametrize(
    "name",
    ["my clinic", "spaces, 'quotes' & \"more\" %41 #1?", "long-" * 30],
    ids=["a space", "odd", "long"],
)
def test_any_path_will_do(folder, name):
    state = folder.parent / name / "state"
    where = embedded.addresses(state)
    with holding(state):
        assert answers(where.database_url)
    wait_until(lambda: not processes_of(state), what="the end of the servers")
    sockets = find_place(state).sockets
    if not sockets.is_relative_to(state):
        shutil.rmtree(sockets)


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("PG_VERSION", b"garbage", "is broken"),
        ("PG_VERSION", None, "is broken"),
        ("PG_VERSION", b"13\n", "was made by PostgreSQL 13"),
        ("global/pg_control", b"x" * 8192, "is broken"),
    ],
    ids=["garbage", "no version", "older", "control file"],
)
def test_a_broken_data_folder_ends_in_one_sentence(used, file, content, expected):
    (used / "postgres" / file).unlink()
    if content is not None:
        (used / "postgres" / file).write_bytes(content)
        owner = (used / "postgres").stat()
        os.chown(used / "postgres" / file, owner.st_uid, owner.st_gid)
    said = refusal(used)
    assert expected in said
    assert str(used / "postgres") in said
    assert "ove" in said  # Move, or move, it away


@pytest.mark.skipif(not AS_ROOT, reason="only root can mount a small disk")
@pytest.mark.parametrize("megabytes", [2, 30], ids=["nothing fits", "the data folder does not fit"])
def test_a_full_disk_ends_in_one_sentence(folder, megabytes):
    folder.mkdir(mode=0o755)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this container may not mount a small disk")
    try:
        assert "is full. Free some" in refusal(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.skipif(not AS_ROOT, reason="only root can become a user without a name")
def test_a_user_without_a_name_ends_in_one_sentence(folder):
    nameless = "import os\nfrom clinic import embedded\nos.setgid(54321)\nos.setuid(54321)\n"
    folder.parent.chmod(0o777)
    said = refusal(folder, program=nameless + HOLD)
    assert "uid 54321" in said
    assert "DATABASE_URL" in said


@pytest.mark.skipif(not AS_ROOT, reason="only root runs servers as somebody else")
def test_roots_private_folder_has_its_data_where_the_servers_user_can_reach_it(folder):
    folder.parent.chmod(0o700)
    state = find_place(folder).folder
    try:
        assert state.is_relative_to("/var/lib/clinic-embedded")
        with holding(folder):
            assert answers(embedded.addresses(folder).database_url)
            assert not folder.exists()
        wait_until(lambda: not processes_of(state), what="the end of the servers")
    finally:
        shutil.rmtree(state)


def test_another_users_folder_ends_in_one_sentence(folder):
    if not AS_ROOT:
        pytest.skip("only root can make another user's folder")
    folder.mkdir()
    os.chown(folder, 54321, 54321)
    assert "belongs to another user" in refusal(folder)


def test_no_server_programs_at_all_end_in_one_sentence(folder):
    hidden = "import importlib.util\nfrom clinic.embedded import postgres, servers\n"
    hidden += "importlib.util.find_spec = lambda name: None\npostgres.SYSTEM_FOLDERS = ()\n"
    hidden += "import os\nos.environ['PATH'] = '/nowhere'\n"
    said = refusal(folder, program=hidden + HOLD)
    assert "No PostgreSQL" in said
    assert "DATABASE_URL" in said
