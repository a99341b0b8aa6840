"""The bench's table: one row for each thing measured, with its target and what limits it."""

from dataclasses import dataclass, field

from tests.bench.load import Answers
from tests.bench.site import CORES, Meter

HEAD = (
    f"{'what':<52}{'clients':>8}{'per s':>9}{'p50 ms':>9}{'p99 ms':>9}   "
    f"{'cpu ms':>8}{'web':>7}{'PG':>6}{'clients':>9}   limited by"
)


@dataclass
class Row:
    """One thing that clients asked for, in slices; the processors that it used meanwhile."""

    what: str
    clients: int
    meter: Meter
    answers: Answers = field(default_factory=Answers)
    wanted: int = 200

    @property
    def rate(self) -> float:
        return self.answers.rate

    @property
    def cores(self) -> dict[str, float]:
        used = {name: seconds / self.answers.seconds for name, seconds in self.meter.used.items()}
        return {**used, "clients": self.answers.cpu / self.answers.seconds}

    @property
    def cost(self) -> float:
        """Milliseconds of processor for one answer, the web's and PostgreSQL's."""
        return 1000 * sum(self.meter.used.values()) / sum(self.answers.statuses.values())

    @property
    def limit(self) -> str:
        """Who used the processors; "waiting" where much of them was idle or somebody else's."""
        cores = self.cores
        most = max(cores, key=lambda name: cores[name])
        name = {"web": "Python in the web server", "pg": "PostgreSQL"}.get(most, "the clients")
        idle = CORES - sum(cores.values())
        return f"{name} ({cores[most]:.1f} of {CORES} processors)" + (
            f", {idle:.1f} idle or others'" if idle > 0.25 * CORES else ""
        )

    def check(self) -> None:
        """Every answer must have been the right one, or the rate means nothing."""
        if set(self.answers.statuses) != {self.wanted}:
            raise SystemExit(f"{self.what}: {self.answers.statuses} {self.answers.strange[:1]}")

    def __str__(self) -> str:
        cores = self.cores
        return (
            f"{self.what:<52}{self.clients:>8}{self.rate:>9.0f}"
            f"{self.answers.wait(0.5):>9.1f}{self.answers.wait(0.99):>9.1f}   "
            f"{self.cost:>8.2f}{cores['web']:>7.2f}{cores['pg']:>6.2f}{cores['clients']:>9.2f}   {self.limit}"
        )


def ratio(what: str, part: float, whole: float, *, at_least: float) -> str:
    """One target: a rate beside another's."""
    reached = part / whole
    word = "reached" if reached >= at_least else "MISSED"
    return f"{what:<78}{reached:>8.3f}   at least {at_least:.3f}   {word}"


def beside(what: str, row: Row, bare: Row, *, at_least: float) -> str:
    """The same, with the ratio of processor time, which others on the machine disturb less."""
    line = ratio(what, row.rate, bare.rate, at_least=at_least)
    return f"{line:<120} by processor time {bare.cost / row.cost:.3f}"


def at_most(what: str, found: float, limit: float) -> str:
    word = "reached" if found <= limit else "MISSED"
    return f"{what:<78}{found:>8.3f}   at most  {limit:.3f}   {word}"
