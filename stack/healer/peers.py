"""Whether the probes of other containers pass while those of one are late.

A service that hangs on a machine that starves is late for ever, and so is one that is well where the machine has too
little left for any probe. The others tell them apart: of as many probes as the one has failed, some would have passed
if it did as well as they do. Half of them have to do so well: the probes of some cost much less.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stack.healer.container import Container

TELLING = 5.0  # expected to pass, and none did: chance alone does that once in e^5, about 150 times


@dataclass(frozen=True, kw_only=True)
class Peers:
    """Of each other container the share of its probes that passed, of those that began in the time that the patient's
    log reaches back; `rhythm` is the patient's, the seconds from one of its probes to the next."""

    shares: tuple[float, ...] = ()
    rhythm: float = math.inf

    @property
    def share(self) -> float:
        """What half of them reach."""
        return sorted(self.shares)[len(self.shares) // 2]

    def expected(self, seconds: float) -> float:
        """Reckon how many of the patient's probes would have passed in a time, if it did as well as the others."""
        return seconds / self.rhythm * self.share if self.shares else math.inf

    @property
    def told(self) -> str:
        """What they did, in half a sentence."""
        if not self.shares:
            return "nobody else was probed meanwhile"
        return f"of {len(self.shares)} others half had {self.share:.0%} of their probes passed meanwhile, or less"


def probed(patient: Container, others: Iterable[Container]) -> Peers:
    """Look at the others' probes; at none where the patient's own are too few to compare with."""
    failures = patient.failures
    if len(failures) < 2 or failures[-1].start <= failures[0].start:
        return Peers()
    rhythm = (failures[-1].start - failures[0].start) / (len(failures) - 1)
    rest = (other for other in others if other.id != patient.id)
    return Peers(shares=tuple(_shares(rest, since=failures[0].start)), rhythm=rhythm)


def _shares(others: Iterable[Container], *, since: float) -> Iterator[float]:
    for other in others:
        if passed := [probe.passed for probe in other.probes if probe.start >= since]:
            yield sum(passed) / len(passed)
