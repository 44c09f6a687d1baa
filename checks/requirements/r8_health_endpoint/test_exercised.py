"""R8 while what it depends on is away."""

import pytest

from checks.core.evidence import Evidence
from checks.core.requirement import Reading
from checks.requirements.r8_health_endpoint.judge import NOTES, Redis, called_violations
from checks.requirements.r8_health_endpoint.observe import call_while, seen_reading
from checks.subject.stack import Stack


@pytest.fixture
def reading(stack: Stack, evidence: Evidence) -> Reading:
    """What the profile picks, else what is seen; the report tells which, and what it does not notice."""
    picked = stack.subject.reading
    found = picked or seen_reading(stack)
    if picked is None or found is Reading.LIVENESS:
        told = "picked by the profile" if picked else "as seen, for the profile picks none"
        evidence.note(f"{stack.subject.routes.health} was read as {found} ({told}): {NOTES[found]}")
    return found


@pytest.mark.check(partly=True)
@pytest.mark.parametrize("redis", ["gone", "frozen", "refusing"])
def test_it_answers_at_once_when_redis_is(redis: Redis, stack: Stack, evidence: Evidence, reading: Reading) -> None:
    assert called_violations(evidence.saw(call_while(stack, redis, reading))) == []
