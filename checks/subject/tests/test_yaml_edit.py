"""A change to a YAML file changes what it is to, and no other character."""

import difflib
from collections.abc import Callable

import pytest
import yaml

from checks.subject import yaml_edit
from checks.subject.yaml_edit import NotEditableError

TEXT = """\
# what runs here
x-app: &app { image: "shop:1" }

services:
  web:   # the shop
    <<: *app
    ports:
      - "80:80"      # the world
      - target: 81

    # health is asked by whoever wants it
    healthcheck: { test: ["CMD", "true"], retries: 3 }
  worker: { <<: *app, command: "run  this" }
  db:
    image: 'redis:8'
    command: >
      redis-server
      --appendonly yes

    # the last words
  cron: *app
volumes: {}
"""


def changed_lines(new: str) -> list[str]:
    return [line for line in difflib.ndiff(TEXT.splitlines(), new.splitlines()) if line[0] in "+-"]


CHANGES: dict[str, tuple[Callable[[], str], list[str]]] = {
    "a value": (
        lambda: yaml_edit.with_key(TEXT, ("services", "db"), "image", "redis:8.0"),
        ["-     image: 'redis:8'", "+     image: redis:8.0"],
    ),
    "a new key behind a block": (
        lambda: yaml_edit.with_key(TEXT, ("services", "db"), "restart", "always"),
        ["+     restart: always"],
    ),
    "a new key behind a flow": (
        lambda: yaml_edit.with_key(TEXT, ("services", "web"), "restart", "always"),
        ["+     restart: always"],
    ),
    "a new key in a flow": (
        lambda: yaml_edit.with_key(TEXT, ("services", "web", "healthcheck"), "interval", "5s"),
        [
            '-     healthcheck: { test: ["CMD", "true"], retries: 3 }',
            '+     healthcheck: { test: ["CMD", "true"], retries: 3, interval: 5s }',
        ],
    ),
    "a key of an empty flow": (
        lambda: yaml_edit.with_key(TEXT, ("volumes",), "data", "{}"),
        ["- volumes: {}", "+ volumes: { data: {} }"],
    ),
    "an item": (
        lambda: yaml_edit.with_item(TEXT, ("services", "web", "ports"), '"82"'),
        ['+       - "82"'],
    ),
    "without a block": (
        lambda: yaml_edit.without_key(TEXT, ("services", "web", "ports")),
        ["-     ports:", '-       - "80:80"      # the world', "-       - target: 81"],
    ),
    "without one in a flow": (
        lambda: yaml_edit.without_key(TEXT, ("services", "web", "healthcheck", "test")),
        ['-     healthcheck: { test: ["CMD", "true"], retries: 3 }', "+     healthcheck: { retries: 3 }"],
    ),
    "without the last in a flow": (
        lambda: yaml_edit.without_key(TEXT, ("services", "web", "healthcheck", "retries")),
        [
            '-     healthcheck: { test: ["CMD", "true"], retries: 3 }',
            '+     healthcheck: { test: ["CMD", "true"] }',
        ],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_else_changes(name: str) -> None:
    change, wanted = CHANGES[name]
    changed = change()
    assert changed_lines(changed) == wanted
    yaml.safe_load(changed)  # and it is still YAML


def test_a_folded_command_is_told_as_it_is_written() -> None:
    node = yaml_edit.node_at(TEXT, ("services", "db", "command"))
    assert node is not None
    assert yaml_edit.written(TEXT, node) == ">\n      redis-server\n      --appendonly yes"
    assert yaml.safe_load(yaml_edit.replaced(TEXT, node, "redis-server"))["services"]["db"]["command"] == "redis-server"


@pytest.mark.parametrize("keys", [("services", "cron"), ("services", "nobody"), ("services", "db", "image")])
def test_what_stands_elsewhere_is_left_alone(keys: tuple[str, ...]) -> None:
    with pytest.raises(NotEditableError):
        yaml_edit.with_key(TEXT, keys, "restart", "always")


def test_a_merged_key_is_set_for_its_service_alone() -> None:
    changed = yaml.safe_load(yaml_edit.with_key(TEXT, ("services", "web"), "image", "shop:2"))
    assert (changed["services"]["web"]["image"], changed["services"]["cron"]["image"]) == ("shop:2", "shop:1")


def test_a_list_is_no_mapping() -> None:
    with pytest.raises(NotEditableError):
        yaml_edit.with_item(TEXT, ("services", "db", "image"), "x")
    with pytest.raises(NotEditableError):
        yaml_edit.without_key(TEXT, ("services", "db", "ports"))
