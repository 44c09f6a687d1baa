"""R6 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r6_metrics.declared import read_scraping
from checks.requirements.r6_metrics.judge import Unscraped, scraping_violations, unscraped_violations
from checks.subject.stack import Files


@pytest.mark.check
def test_prometheus_is_told_to_scrape_the_service(files: Files, evidence: Evidence) -> None:
    seen = evidence.saw(read_scraping(files))
    found = unscraped_violations(seen) if isinstance(seen, Unscraped) else scraping_violations(seen)
    assert found == []
