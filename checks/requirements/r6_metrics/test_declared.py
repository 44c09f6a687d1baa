"""R6 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r6_metrics.declared import read_scraping
from checks.requirements.r6_metrics.judge import scraping_violations
from checks.subject.stack import Files


@pytest.mark.check
def test_prometheus_is_told_to_scrape_the_service(files: Files, evidence: Evidence) -> None:
    assert scraping_violations(evidence.saw(read_scraping(files))) == []
