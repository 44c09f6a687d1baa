"""Observations for R6 as no stack gave them: see the package."""

from dataclasses import replace

from checks.test_r6_prometheus import REQUESTS, Counted, Target, Targets

UP = Target(job="api", url="http://api:5000/prom-metrics", health="up", error="")
DOWN = replace(UP, health="down", error="server returned HTTP status 404 Not Found")
MOVED = Counted(requests=REQUESTS, series="requests_total{}", exposed=float(REQUESTS), in_prometheus=float(REQUESTS))

PROVING: tuple[object, ...] = (
    Targets(targets=(UP,)),
    Targets(targets=(DOWN, UP)),
    MOVED,
)

VIOLATING: dict[str, tuple[object, ...]] = {
    "target-up": (Targets(targets=(DOWN,)), Targets(targets=(replace(DOWN, health="unknown"),))),
    "counter-moves-exactly": (
        replace(MOVED, in_prometheus=REQUESTS + 1.0),
        replace(MOVED, in_prometheus=REQUESTS - 1.0),
        replace(MOVED, in_prometheus=None),
        replace(MOVED, exposed=2.0 * REQUESTS),
    ),
}

NOTHING_TRIED: tuple[object, ...] = (
    Targets(targets=()),
    replace(MOVED, requests=0, in_prometheus=0.0),
    replace(MOVED, series="", in_prometheus=None),
)
