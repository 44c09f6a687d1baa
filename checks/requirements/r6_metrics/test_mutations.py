"""What must object when Prometheus does not get the metrics, keep them, or tell what they say."""

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.harness.fixtures import InPart
from checks.requirements.r6_metrics import count, mutations, observe
from checks.subject import mutation


@pytest.mark.mutation(objects="target-up")
def test_wrong_scrape_path_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_at_targets(in_part(mutations.wrong_scrape_path)))
    assert objections(seen) == {"target-up"}


@pytest.mark.mutation(objects="counter-moves-exactly")
def test_dropped_series_are_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for one in count.count_requests(in_part(mutations.metrics_dropped))]
    assert [objections(one) for one in seen] == [{"counter-moves-exactly"}] * len(count.KINDS)


@pytest.mark.mutation(objects="counter-moves-exactly")
def test_a_request_too_many_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for one in count.count_requests(in_part(mutation.nothing), and_unannounced=1)]
    assert [objections(one) for one in seen] == [{"counter-moves-exactly"}] * len(count.KINDS)


@pytest.mark.mutation(objects="counter-moves-exactly")
def test_a_counter_of_good_reads_alone_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for one in count.count_requests(in_part(mutations.only_good_reads_counted))]
    assert [objections(one) for one in seen] == [set(), {"counter-moves-exactly"}, {"counter-moves-exactly"}]


@pytest.mark.mutation(objects="scrapes-the-metrics-route")
def test_a_detour_to_the_metrics_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_at_targets(in_part(mutations.redirected_scrape_path)))
    assert objections(seen) == {"scrapes-the-metrics-route"}


@pytest.mark.mutation(objects="scraped-by-one-job")
def test_a_second_job_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_at_targets(in_part(mutations.scraped_by_two_jobs)))
    assert objections(seen) == {"scraped-by-one-job"}


@pytest.mark.mutation(objects="configuration-clean")
def test_a_duplicate_rule_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.check_configuration(in_part(mutations.duplicate_rule)))
    assert objections(seen) == {"configuration-clean"}


@pytest.mark.mutation(objects="rule-tests-pass")
def test_an_alert_that_comes_too_soon_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.check_configuration(in_part(mutations.alert_too_soon)))
    assert objections(seen) == {"rule-tests-pass"}


@pytest.mark.mutation(objects="interval-honoured")
def test_a_missed_scrape_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    stack = in_part(mutations.nobody_heals_prometheus)
    seen = evidence.saw(observe.look_at_rhythm(stack, stalled_intervals=1.6))
    assert objections(seen) == {"interval-honoured"}


@pytest.mark.mutation(objects="alert-fires")
def test_an_alert_for_another_job_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.stop_the_service(in_part(mutations.alert_for_another_job)))
    assert objections(seen) == {"alert-fires"}


@pytest.mark.mutation(objects="alert-resolves")
def test_an_alert_without_end_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.stop_the_service(in_part(mutations.alert_without_end)))
    assert objections(seen) == {"alert-resolves"}


@pytest.mark.mutation(objects="samples-survive-restart")
def test_samples_in_memory_are_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.restart_prometheus(in_part(mutations.samples_in_memory)))
    assert objections(seen) == {"samples-survive-restart"}
