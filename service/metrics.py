"""What Prometheus is told: the requests by route, the way to Redis, the process.

Counted in plain dictionaries and rendered when asked: the event loop is one thread, so nothing needs a lock.
"""

import platform
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from http import HTTPMethod
from itertools import accumulate

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset(HTTPMethod)
# Labels that a client could make up would let it fill the memory of Prometheus.
UNMATCHED_ROUTE = "unmatched"
OTHER_METHOD = "other"
# From an answer out of memory to the deadline of Redis.
DURATION_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
BOUNDS = (*map(str, DURATION_BUCKETS), "+Inf")


class Durations:
    """How many took how long: a histogram."""

    def __init__(self) -> None:
        self._counts = [0] * len(BOUNDS)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        self._counts[bisect_left(DURATION_BUCKETS, seconds)] += 1
        self._sum += seconds

    def add_to(self, family: HistogramMetricFamily, labels: Iterable[str]) -> None:
        buckets = list(zip(BOUNDS, map(float, accumulate(self._counts)), strict=True))
        family.add_metric(list(labels), buckets=buckets, sum_value=self._sum)


class Metrics(Collector):
    """The series of one app, in a registry of their own."""

    def __init__(self, *, version: str = "", revision: str = "") -> None:
        self._build = (version, revision, platform.python_version())
        self._requests: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self._durations: defaultdict[tuple[str, str], Durations] = defaultdict(Durations)
        self._redis = Durations()
        self.redis_up = False
        self.redis_waiting = 0
        self.redis_connections = 0
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def request_answered(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        route = getattr(scope.get("route"), "path_format", UNMATCHED_ROUTE)
        self._requests[method, route, str(status)] += 1
        self._durations[method, route].observe(seconds)

    def redis_answered(self, seconds: float) -> None:
        self._redis.observe(seconds)

    def exposition(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        yield from self._of_requests()
        yield from self._of_redis()
        build = GaugeMetricFamily(
            "service_build_info", "What runs here; always 1.", labels=("version", "revision", "python")
        )
        build.add_metric(self._build, 1)
        yield build

    def _of_requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("http_requests", "Requests answered.", labels=("method", "route", "status"))
        for labels, count in self._requests.items():
            requests.add_metric(labels, count)
        yield requests
        text = "Time from a request to the end of its answer."
        durations = HistogramMetricFamily("http_request_duration_seconds", text, labels=("method", "route"))
        for labels_, one in self._durations.items():
            one.add_to(durations, labels_)
        yield durations

    def _of_redis(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("redis_up", "1 when Redis answers this service.", self.redis_up)
        text = "Commands for items that wait for Redis' answer."
        yield GaugeMetricFamily("redis_commands_waiting", text, self.redis_waiting)
        text = "Connections made to Redis for items."
        yield CounterMetricFamily("redis_connections", text, self.redis_connections)
        text = "Time from a command to Redis' answer, those that came too late included."
        answers = HistogramMetricFamily("redis_answer_duration_seconds", text)
        self._redis.add_to(answers, ())
        yield answers
