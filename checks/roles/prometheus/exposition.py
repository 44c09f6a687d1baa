"""Counters in the text that a service exposes, by prometheus-client's own parsers of the two formats."""

import re
from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from checks.roles.prometheus.client import selector

COUNT = {"histogram", "summary"}  # types that bring a counter of observations with them
UNTYPED = {"unknown", "untyped"}
NAME = re.compile(r"^[A-Za-z_:][\w:]*", re.MULTILINE)


def counters(text: str, content_type: str) -> dict[str, float]:
    """{series as PromQL: value} of every counter; one without a type goes by its name."""
    families: Iterable[Metric] = (read_openmetrics if "openmetrics" in content_type else read_text)(text)
    names = set(NAME.findall(text))
    return {
        f"{_as_written(sample.name, names)}{{{selector(sample.labels)}}}": sample.value
        for family in families
        for sample in family.samples
        if _counts(family.type, sample.name)
    }


def _counts(kind: str, name: str) -> bool:
    if kind in COUNT:
        return name.endswith("_count")
    untyped = kind in UNTYPED and name.endswith(("_total", "_count"))
    return untyped or (kind == "counter" and not name.endswith("_created"))


def _as_written(name: str, names: set[str]) -> str:
    """The parser calls every counter `_total`; Prometheus keeps the name that stands there."""
    bare = name.removesuffix("_total")
    return bare if name not in names and bare in names else name
