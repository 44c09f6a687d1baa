"""What more time would not have helped is violated on a machine that starves; all else may have been late there."""

from dataclasses import replace

import pytest

from checks.requirements.r2_compose_up.judge.compose_up import CameUp, coming_violations
from checks.requirements.r2_compose_up.samples import FIRST, SAID


@pytest.mark.parametrize("seen", [replace(FIRST, said=SAID), replace(FIRST, health={"api": "starting"})])
def test_only_what_is_not_for_good_may_be_late(seen: CameUp) -> None:
    for for_good in (False, True):
        (violation,) = coming_violations(replace(seen, for_good=for_good))
        assert (violation.rule, violation.late) == ("up-from-nothing", not for_good)
