"""The restart policy that files declare is the one that Compose gives the container."""

from typing import Any

import pytest

from checks.requirements.r9_self_healing.observe.declared import policy

ALWAYS_UNDER_DEPLOY = {"deploy": {"restart_policy": {"condition": "any"}}}
SPECS: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "no"),
    ({"restart": "on-failure:3"}, "on-failure"),
    ({"restart": "unless-stopped", "deploy": {"replicas": 2}}, "unless-stopped"),
    (ALWAYS_UNDER_DEPLOY, "always"),
    ({"deploy": {"restart_policy": {}}}, "always"),
    ({"restart": "always", "deploy": {"restart_policy": {"condition": "on-failure"}}}, "on-failure"),
    ({"restart": "no", **ALWAYS_UNDER_DEPLOY}, "always"),
)


@pytest.mark.parametrize(("spec", "wanted"), SPECS)
def test_a_policy_is_read_as_compose_does(spec: dict[str, Any], wanted: str) -> None:
    assert policy(spec) == wanted
