"""Services that depend on one another are not broken together."""

import pytest

from checks.requirements.r7_healthchecks.observe import dependency_layers


@pytest.mark.parametrize(
    ("depends_on", "found"),
    [
        ({}, []),
        ({"api": ["redis"], "redis": [], "prometheus": []}, [["api", "prometheus"], ["redis"]]),
        ({"web": ["api"], "api": ["redis"], "redis": []}, [["web"], ["api"], ["redis"]]),
        ({"web": ["job"], "redis": [], "other": []}, [["web", "redis", "other"]]),
        ({"web": ["api"], "worker": ["api"], "api": []}, [["web", "worker"], ["api"]]),
        ({"one": ["two"], "two": ["one"]}, [["one"], ["two"]]),
    ],
)
def test_no_one_in_a_wave_depends_on_another_in_it(depends_on: dict[str, list[str]], found: list[list[str]]) -> None:
    assert dependency_layers(depends_on) == found
