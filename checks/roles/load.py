"""Load: writers at work, and what was acknowledged to them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from stack.driver import wait
from stack.driver.errors import OutOfTimeError

WRITERS = 4
LOAD_SECONDS = 20.0  # for writers to get as far as they are to


def numbered(prefix: str, count: int) -> dict[str, str]:
    return {f"{prefix}-{number}": f"value {number} of {prefix}" for number in range(count)}


@dataclass
class Load:
    """What writers at work had acknowledged so far: {id: data}, and when the last one was (monotonic seconds).

    They write until it is over, which whoever cannot wait for them may say before they are joined.
    """

    acknowledged: dict[str, str] = field(default_factory=dict)
    last: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def at_work(write: Callable[[Load, int], None], writers: int) -> Iterator[Load]:
    """So many threads that write, each with its number, until the load is over."""
    load = Load()
    threads = [threading.Thread(target=write, args=(load, number), daemon=True) for number in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.over.set()
        for thread in threads:
            thread.join()


def under_load(*loads: Load, at_least: int) -> None:
    """Wait until so many writes are acknowledged by each; raises StackError where that never comes."""
    seen = wait.until(
        lambda: min(len(one.acknowledged) for one in loads),
        lambda now: now >= at_least,
        within=LOAD_SECONDS,
        every=0.002,
    )
    if not seen.reached:
        raise OutOfTimeError(f"{seen.value} writes were acknowledged within {LOAD_SECONDS:.0f} s: too few to go on")
