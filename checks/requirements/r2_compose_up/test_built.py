"""R2 on a copy that is ready, and not started."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r2_compose_up.judge.compose_up import original_violations
from checks.requirements.r2_compose_up.observe_original import compare_with_original, told
from checks.subject.stack import Files, Stack


@pytest.mark.check
def test_what_is_judged_is_what_stands_there(ready: Stack, original: Files, evidence: Evidence) -> None:
    seen = evidence.saw(compare_with_original(original, ready))
    if note := told(seen):
        evidence.note(note)
    assert original_violations(seen) == []
