"""What must object when the health route says the wrong thing, says it late, or is counted."""

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.core.requirement import Reading
from checks.harness.fixtures import InPart
from checks.requirements.r8_health_endpoint import observe
from checks.requirements.r8_health_endpoint.mutations import (
    busy_is_a_failure,
    counted,
    failure_as_not_found,
    failure_dressed_as_200,
    more_than_asked,
    no_deadline,
    redis_not_asked,
    well_for_probes_and_checks_alone,
)
from checks.subject import mutation


@pytest.mark.mutation(objects="exact-when-well")
def test_more_than_was_asked_for_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.call_while(in_part(more_than_asked), "well", Reading.READINESS))
    assert objections(seen) == {"exact-when-well"}


@pytest.mark.mutation(objects="exact-when-well")
def test_a_service_that_is_well_for_checks_alone_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.call_while(in_part(well_for_probes_and_checks_alone), "well", Reading.READINESS))
    assert objections(seen) == {"exact-when-well"}
    assert {one.client for one in seen.answers if one.status != 200} == {*observe.CLIENTS_THAT_ASK[:2]}


@pytest.mark.mutation(objects="answer-when-redis-gone")
def test_not_found_for_a_failure_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.call_while(in_part(failure_as_not_found), "gone", Reading.READINESS))
    assert objections(seen) == {"answer-when-redis-gone"}


@pytest.mark.mutation(objects="answer-when-redis-gone")
def test_a_failure_is_noticed_where_liveness_was_meant(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.call_while(in_part(mutation.nothing), "gone", Reading.LIVENESS))
    assert objections(seen) == {"answer-when-redis-gone"}


@pytest.mark.mutation(objects="answer-when-redis-frozen")
def test_a_service_that_does_not_ask_redis_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.call_while(in_part(redis_not_asked), "frozen", Reading.READINESS))
    assert objections(seen) == {"answer-when-redis-frozen"}


@pytest.mark.mutation(objects="answer-when-credentials-refused")
def test_a_failure_dressed_as_200_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.call_while(in_part(failure_dressed_as_200), "refusing", Reading.READINESS))
    assert objections(seen) == {"answer-when-credentials-refused"}


@pytest.mark.mutation(objects="answers-in-time")
def test_a_call_that_hangs_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.call_while(in_part(no_deadline), "frozen", Reading.READINESS))
    assert objections(seen) == {"answers-in-time"}


@pytest.mark.mutation(objects="answers-under-load")
def test_a_busy_service_that_turns_calls_away_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.call_under_load(in_part(busy_is_a_failure)))
    assert objections(seen) == {"answers-under-load"}


@pytest.mark.mutation(objects="not-counted")
def test_counted_calls_are_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.call_and_count(in_part(counted)))
    assert objections(seen) == {"not-counted"}
