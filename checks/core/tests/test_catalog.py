"""The nine, the rules under them, and what another shelf may hold."""

import itertools
from pathlib import Path

import pytest

from checks.core import catalog
from checks.core.catalog import CLAIM, CatalogError
from checks.core.requirement import Rule

NINE = catalog.read().requirements
CLAIMED = """
id = "R{number}"
title = "A title"
wording = "It holds."
why = "It matters."
"""
CONTROL = """
[[controls]]
framework = "CIS"
item = "4.1"
title = "A title"
reason = "A reason."
rules = {rules}
"""
UNMAPPED = {  # how a process ends is in neither catalogue, nor how an update goes that does not fail
    "container-exec-form",
    "exec-form",
    "stops-on-sigterm",
    "swarm-update-leaves-a-task",
}
numbers = itertools.count(70)


def shelf(folder: Path, text: str, *, name: str = "") -> Path:
    """A shelf with one requirement; what Python has imported once it does not import again from elsewhere."""
    place = folder / (name or f"r{next(numbers)}_made_up")
    place.mkdir()
    (place / CLAIM).write_text(text)
    return folder


def test_there_are_nine_in_order() -> None:
    assert [known.id for known in NINE] == [f"R{number}" for number in range(1, 10)]


def test_everything_is_said_in_whole_sentences() -> None:
    texts = [text for known in NINE for text in (known.wording, known.why)]
    texts += [rule.wording for known in NINE for rule in known.rules]
    assert [text for text in texts if not text.endswith(".")] == []


def test_every_requirement_refers_to_somebody_else() -> None:
    assert [known.id for known in NINE if not known.references] == []


def test_every_rule_has_a_remedy_and_a_snippet() -> None:
    rules = [rule for known in NINE for rule in known.rules]
    assert [rule.name for rule in rules if not (rule.remedy.endswith(".") and rule.snippet.strip())] == []


def test_every_requirement_maps_to_a_control_with_a_reason() -> None:
    assert [known.id for known in NINE if not known.controls] == []
    assert [found.item for known in NINE for found in known.controls if not found.reason.endswith(".")] == []


def test_every_rule_bears_on_some_control_or_is_known_not_to() -> None:
    mapped = {rule for known in NINE for control in known.controls for rule in control.rules}
    assert {rule.name for known in NINE for rule in known.rules} - mapped == UNMAPPED


def test_another_shelf_stands_beside_ours_in_order(tmp_path: Path) -> None:
    known = catalog.read(shelf(tmp_path, CLAIMED.format(number=70)))
    assert [one.id for one in known.requirements] == [*(one.id for one in NINE), "R70"]
    assert known.of_file(next(tmp_path.iterdir()) / "test_running.py") is known.by_id["R70"]


def test_a_shelf_may_be_one_requirement(tmp_path: Path) -> None:
    folder = next(shelf(tmp_path, CLAIMED.format(number=71)).iterdir())
    assert "R71" in catalog.read(folder).by_id


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id = ", "cannot be used"),
        (CLAIMED.format(number=72).replace("wording", "words"), "`wording` is missing, or no text"),
        (CLAIMED.format(number=73) + "[[rules]]\nname = 'a'\n", "cannot be used: 1 validation error"),
        (CLAIMED.format(number=75) + CONTROL.format(rules="[]"), "control 4.1 must name rules"),
        (CLAIMED.format(number=76) + CONTROL.format(rules="['b']"), "control 4.1 must name rules"),
        (CLAIMED.format(number=3), "two requirements are called R3"),
    ],
)
def test_a_claim_that_cannot_be_used_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CatalogError, match=told):
        catalog.read(shelf(tmp_path, text))


def test_an_empty_shelf_is_no_shelf(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="holds no requirement"):
        catalog.read(tmp_path)


@pytest.mark.parametrize("name", ["json", "with-a-dash"])
def test_a_folder_that_hides_a_module_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogError, match="cannot be imported as"):
        catalog.read(shelf(tmp_path, CLAIMED.format(number=74), name=name))


NAMES = {"api": "web", "redis": "cache", "prometheus": "metrics"}
SNIPPETS = (  # as it stands, and with a subject's own names
    ("services:\n  api:\n    depends_on:\n      redis: x", "services:\n  web:\n    depends_on:\n      redis: x"),
    ("depends_on:\n  redis:\n    condition: y", "depends_on:\n  cache:\n    condition: y"),
    ('  - job_name: api\n    - targets: ["api:5000"]', '  - job_name: web\n    - targets: ["web:5000"]'),
    ('redis.Redis(host="redis", username="app")', 'redis.Redis(host="cache", username="app")'),
    ('up{job="api"}', 'up{job="web"}'),
    ('command: ["redis-server"]\nimage: redis:8.0', 'command: ["redis-server"]\nimage: redis:8.0'),
)


@pytest.mark.parametrize(("snippet", "own"), SNIPPETS)
def test_a_snippet_takes_the_names_of_the_subject(snippet: str, own: str) -> None:
    rule = Rule("a-rule", "A rule.", snippet=snippet)
    assert (rule.snippet_for(NAMES), rule.snippet_for({})) == (own, snippet)


def test_a_role_of_any_folder_is_known_in_a_snippet() -> None:
    rule = Rule("a-rule", "A rule.", snippet="services:\n  broker:\n    image: broker:1\n")
    assert rule.snippet_for({"broker": "rabbit"}) == "services:\n  rabbit:\n    image: broker:1\n"
