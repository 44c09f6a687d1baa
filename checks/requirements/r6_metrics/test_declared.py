"""R6 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r6_metrics.declared import read_aim
from checks.requirements.r6_metrics.judge import aim_violations, scraping_violations
from checks.subject.stack import Files


@pytest.mark.check
def test_prometheus_is_told_to_scrape_the_service(files: Files, evidence: Evidence) -> None:
    aimed, scraping = read_aim(files)
    found = aim_violations(evidence.saw(aimed))
    assert found + (scraping_violations(evidence.saw(scraping)) if scraping else []) == []
