"""What is read from Prometheus' answers, and what it is asked."""

import pytest

from checks.roles.prometheus.client import mentions, seconds_of, selector

API = {"job": "api", "instance": "api:5000"}


def test_a_label_is_quoted_as_promql_wants_it() -> None:
    labels = {"route": '/get/{id}"\\', "method": "GET\n"}
    assert selector(labels) == 'method="GET\\n",route="/get/{id}\\"\\\\"'


@pytest.mark.parametrize(
    ("duration", "seconds"), [("5s", 5.0), ("1m30s", 90.0), ("500ms", 0.5), ("1h", 3600.0), ("0s", 0.0)]
)
def test_a_duration_is_read_as_seconds(duration: str, seconds: float) -> None:
    assert seconds_of(duration) == seconds


@pytest.mark.parametrize(
    ("alert", "query", "is_about"),
    [
        (API | {"alertname": "Down"}, "up == 0", True),
        ({"instance": "api:5000"}, "up == 0", True),
        ({"job": "api"}, 'absent(up{job="api"})', True),
        (API | {"instance": "api2:5000"}, "up == 0", False),
        ({"job": "redis"}, 'up{job="redis"} unless up{job="api"}', False),
        ({"severity": "critical"}, 'sum(up{job="api"}) == 0', True),
        ({"severity": "critical"}, 'sum(up{job="apiary"}) == 0', False),
    ],
)
def test_an_alert_is_about_a_target_by_its_labels_or_query(alert: dict[str, str], query: str, is_about: bool) -> None:
    assert mentions(alert, query, API) is is_about
