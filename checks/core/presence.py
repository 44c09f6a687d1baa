"""Whether a service plays a role that a requirement cannot do without."""

from dataclasses import dataclass

from checks.core.verdict import Violation


@dataclass(frozen=True, kw_only=True)
class Presence:
    """The service that plays a role, '' where none does, and why that is thought."""

    service: str
    because: str


def absence(rule: str, seen: Presence, without: str) -> list[Violation]:
    """What is violated where nobody plays the role; `without` says what that means."""
    return [] if seen.service else [Violation(rule, seen=f"{without}: {seen.because}", wanted="a service that does")]
