"""Wait for something to be seen, within a bound, and know when it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
_slept = 0.0


@dataclass(frozen=True, kw_only=True)
class Seen(Generic[T]):
    """The last value seen, whether it was the one waited for, and after how many seconds."""

    value: T
    reached: bool
    seconds: float


def until(see: Callable[[], T], wanted: Callable[[T], bool], *, within: float, every: float = 0.1) -> Seen[T]:
    """Look until `wanted` holds or `within` seconds are over; looks at least once."""
    started = time.monotonic()
    while True:
        value = see()
        seconds = time.monotonic() - started
        if wanted(value):
            return Seen(value=value, reached=True, seconds=seconds)
        if seconds >= within:
            return Seen(value=value, reached=False, seconds=seconds)
        _sleep(every)


def pause(seconds: float) -> None:
    """Let so many seconds pass, in which something is not to happen."""
    _sleep(seconds)


def slept() -> float:
    """Seconds that this process has slept here: of whatever it did, the part that waited for somebody else."""
    return _slept


def _sleep(seconds: float) -> None:
    global _slept
    time.sleep(seconds)
    _slept += seconds
