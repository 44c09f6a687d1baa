"""A rule that the owner of a subject set aside for a while, with a reason. It is shown as waived, and never proven."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """`until` is the last day on which it counts, as ISO 8601 writes a date."""

    rule: str
    reason: str
    until: str

    def counts_on(self, day: date) -> bool:
        """Whether it is not over yet."""
        return day <= date.fromisoformat(self.until)

    def __str__(self) -> str:
        return f"`{self.rule}` is waived until {self.until}: {self.reason}"
