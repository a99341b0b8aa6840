"""The table that `make faults` prints: one line for each fault.

`make faults` sets FAULTS=full; else each fault is run in a short form.
"""

import os
from dataclasses import dataclass
from typing import Any

FULL = os.environ.get("FAULTS") == "full"
HEAD = ("fault", "bites", "lost", "copies", "flagged", "after cancel", "besides")
_rows: list["Row"] = []


@dataclass(frozen=True)
class Row:
    """What one fault did. `copies`: second copies that the relay took; `flagged`: perhaps twice."""

    fault: str
    bites: int | str
    lost: int | str = "-"
    copies: int | str = "-"
    flagged: int | str = "-"
    after_cancel: int | str = "-"
    besides: str = ""


def sized(short: Any, full: Any) -> Any:
    """How much of it: in `make test` the first, in `make faults` the second."""
    return full if FULL else short


def says(row: Row) -> None:
    _rows.append(row)


def lines() -> list[str]:
    """The table, ready to be printed; nothing where no fault was run."""
    if not _rows:
        return []
    cells = [HEAD, *((*(str(value) for value in vars(row).values()),) for row in _rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    form = "full" if FULL else "short form; `make faults` runs the full one"
    return [
        f"Faults ({form})",
        *("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
          for row in cells),
    ]  # fmt: skip
