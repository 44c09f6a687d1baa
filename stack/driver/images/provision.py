"""See to it that every image of the shipped stack is here."""

from __future__ import annotations

from stack.driver.images.bases import API, BASES, EVERY_SOURCE, HEALER, PROMETHEUS, PYTHON, REDIS, Source
from stack.driver.images.build import build
from stack.driver.images.sources import cached, provide_bases
from stack.driver.progress import Progress


def provide(progress: Progress, sources: tuple[Source, ...] = EVERY_SOURCE, *, refresh: bool = False) -> dict[str, str]:
    """See to it that every image of the shipped stack is here: {variable of compose.yaml: reference}.

    `refresh` makes root file systems again, with today's packages. Raises ImageError naming the first image that none
    of `sources` has.
    """
    if refresh:
        for base in BASES:
            cached(base).unlink(missing_ok=True)
    bases = provide_bases(BASES, progress, sources)
    return {
        "REDIS_IMAGE": bases[REDIS],
        "PROMETHEUS_IMAGE": bases[PROMETHEUS],
        "API_IMAGE": build(API, bases[PYTHON], progress),
        "HEALER_IMAGE": build(HEALER, bases[PYTHON], progress),
    }
