"""Restart policies are read as Compose reads them."""

import pytest

from checks.requirements.r9_self_healing.observe.declared import policy


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ({}, "no"),
        ({"restart": "unless-stopped"}, "unless-stopped"),
        ({"restart": "on-failure:3"}, "on-failure"),
        ({"deploy": {"restart_policy": {"condition": "any"}}}, "always"),
        ({"deploy": {"restart_policy": {}}}, "always"),
        ({"deploy": {"restart_policy": {"condition": "none"}}}, "no"),
        ({"restart": "always", "deploy": {"restart_policy": {"condition": "none"}}}, "always"),
    ],
)
def test_a_policy_is_found_where_it_is_said(spec: dict[str, object], name: str) -> None:
    assert policy(spec) == name
