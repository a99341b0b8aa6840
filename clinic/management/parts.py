"""The demo's processes: started each in a session of its own, watched, and ended with all their children."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from clinic.embedded import keeper

LINES_SHOWN = 15
MAY_STOP_FOR = 10.0  # seconds


@dataclass(frozen=True)
class Part:
    """One process of the demo and its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def obituary(self) -> str:
        """What to tell when it ended by itself."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        last = "\n".join(f"    {line}" for line in lines[-LINES_SHOWN:])
        return (
            f"The {self.name} ended by itself (exit code {self.process.returncode}), so everything was "
            f"stopped. Its last lines, from {self.log}:\n{last}"
        )


def start(name: str, command: list[str], *, log: Path, env: dict[str, str], cwd: Path) -> Part:
    """Start a process that outlives neither this one nor `stop_all`."""
    with open(log, "wb") as out:
        process = subprocess.Popen(  # noqa: S603 (our own commands)
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            # Should this process be killed outright, its children are told to stop all the same.
            preexec_fn=keeper.dies_with_parent(signal.SIGTERM),
        )
    return Part(name, process, log)


def stop_all(parts: list[Part]) -> None:
    """Ask each to end, then end what has not, with all of its children."""
    for part in parts:
        if not part.has_ended:
            part.process.terminate()
    until = time.monotonic() + MAY_STOP_FOR
    for part in parts:
        try:
            part.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            part.process.kill()
            part.process.wait()
        try:
            os.killpg(part.process.pid, signal.SIGKILL)  # children that outlived it
        except ProcessLookupError:
            pass
