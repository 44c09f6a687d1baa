"""Whether something is well, told when it changes and not each time it is seen."""

import logging
import time
from collections.abc import Callable

# Something that comes and goes with every request would otherwise fill the log.
QUIET_SECONDS = 1.0


class Condition:
    """What has been said about one thing since it was last well, or ill; none of it is said twice."""

    def __init__(
        self,
        log: logging.Logger,
        *,
        well: str,
        starts_well: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._well = well
        self._said = {well} if starts_well else set()
        self._clock = clock
        self._quiet_until = float("-inf")

    def is_well(self) -> None:
        if self._is_news(self._well):
            self._said = {self._well}
            self._log.info(self._well)

    def is_ill(self, reason: str) -> None:
        if self._is_news(reason):
            self._said = self._said - {self._well} | {reason}
            self._log.error(reason)

    def _is_news(self, message: str) -> bool:
        # What is held back is not lost: while it lasts, the next look says it.
        if message in self._said or self._clock() < self._quiet_until:
            return False
        self._quiet_until = self._clock() + QUIET_SECONDS
        return True
