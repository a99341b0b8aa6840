"""A version's words beside the live ones: each part as it will be, as it is, or both."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from clinic.i18n import Language

Row = TypeVar("Row")


@dataclass(frozen=True)
class Side:
    """One language of what is shown side by side."""

    language: str

    @property
    def direction(self) -> str:
        return "rtl" if self.language == Language.ARABIC else "ltr"

    @property
    def label(self) -> object:
        return Language(self.language).label


@dataclass(frozen=True)
class Beside(Generic[Row]):
    """One part of a version, such as a step or a risk."""

    here: Row | None
    before: Row | None

    @property
    def row(self) -> Row:
        row = self.here or self.before
        assert row is not None
        return row

    @cached_property
    def sides(self) -> list[Any]:
        """English and Arabic, each with the `parts` that differ."""
        return [self.side(language) for language in Language.values]

    def side(self, language: str) -> Any:
        """One of them; each kind has more to say."""
        return Side(language)

    def place(self, row: Row) -> Any:
        """Where it stands in its version."""
        return row.position  # type: ignore[attr-defined]

    @cached_property
    def state(self) -> str:
        """new, gone, changed, moved or same."""
        if self.here is None or self.before is None:
            return "new" if self.before is None else "gone"
        if any(side.parts for side in self.sides):
            return "changed"
        return "same" if self.place(self.here) == self.place(self.before) else "moved"
