"""What must object when Prometheus does not get the metrics."""

import pytest

from checks import test_r6_prometheus as r6
from checks.conftest import Broken
from checks.controls import sabotages
from checks.evidence import Evidence
from checks.verdict import objections


@pytest.mark.control("R6", objects="target-up")
def test_wrong_scrape_path_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r6.look_at_targets(broken(sabotages.wrong_scrape_path)))
    assert objections(seen) == {"target-up"}


@pytest.mark.control("R6", objects="counter-moves-exactly")
def test_dropped_series_are_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r6.count_requests(broken(sabotages.metrics_dropped)))
    assert objections(seen) == {"counter-moves-exactly"}


@pytest.mark.control("R6", objects="counter-moves-exactly")
def test_a_request_too_many_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r6.count_requests(broken(sabotages.nothing), and_unannounced=1))
    assert objections(seen) == {"counter-moves-exactly"}
