"""Counters in the text that a service exposes, by prometheus-client's own parsers of the two formats."""

import json
import re
from collections.abc import Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from checks.roles.prometheus.client import selector

COUNT = {"histogram", "summary"}  # types that bring a counter of observations with them
UNTYPED = {"unknown", "untyped"}
PLAIN = re.compile(r"[A-Za-z_:][\w:]*")
NAME = re.compile(r'^(?:(?P<plain>[A-Za-z_:][\w:]*)|\{"(?P<quoted>(?:[^"\\]|\\.)+)")', re.MULTILINE)


def counters(text: str, content_type: str) -> dict[str, float]:
    """{series as PromQL: value} of every counter; one without a type goes by its name."""
    families: Iterable[Metric] = (read_openmetrics if "openmetrics" in content_type else read_text)(text)
    names = {found["plain"] or found["quoted"] for found in NAME.finditer(text)}
    return {
        series(_as_written(sample.name, names), sample.labels): sample.value
        for family in families
        for sample in family.samples
        if _counts(family.type, sample.name)
    }


def series(name: str, labels: Mapping[str, str]) -> str:
    """As PromQL has it; a name that is no identifier stands in quotes, in the braces (Prometheus 3)."""
    told = selector(labels)
    if not PLAIN.fullmatch(name):
        return f"{{{','.join(filter(None, (json.dumps(name, ensure_ascii=False), told)))}}}"
    return f"{name}{{{told}}}" if told else name


def _counts(kind: str, name: str) -> bool:
    if kind in COUNT:
        return name.endswith("_count")
    untyped = kind in UNTYPED and name.endswith(("_total", "_count"))
    return untyped or (kind == "counter" and not name.endswith("_created"))


def _as_written(name: str, names: set[str]) -> str:
    """The parser calls every counter `_total`; Prometheus keeps the name that stands there."""
    bare = name.removesuffix("_total")
    return bare if name not in names and bare in names else name
