"""The mutations of R6 take hold on the files that ship."""

from pathlib import Path

import pytest

from checks.requirements.r6_metrics import mutations
from checks.subject.stack import Mutation
from checks.subject.tests.resolved import changed_by

CONFIGURATION = "prometheus/prometheus.yml"


@pytest.mark.parametrize(
    ("mutation", "line"),
    [
        (mutations.wrong_scrape_path, "metrics_path: /prom-metrics-of-another"),
        (mutations.metrics_dropped, "action: drop"),
    ],
)
def test_a_mutation_changes_what_it_says(mutation: Mutation, line: str, tmp_path: Path) -> None:
    changed = changed_by(mutation, tmp_path)
    assert list(changed) == [CONFIGURATION]
    assert line in changed[CONFIGURATION]
