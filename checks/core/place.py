"""Where something stands in the files of a subject."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    """A line of a file of the subject, by the path from its root; without a line, the whole file."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


Places = Mapping[str, Place]
"""{what it is called: where it stands}."""


def first_of(places: Places, names: Iterable[str]) -> Place | None:
    """Where the first of these stands of which that is known."""
    return next((places[name] for name in names if name in places), None)
