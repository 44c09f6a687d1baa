"""The nine, and the rules under them."""

from checks.core.catalog import BY_ID, REQUIREMENTS


def test_there_are_nine_in_order() -> None:
    assert [requirement.id for requirement in REQUIREMENTS] == [f"R{number}" for number in range(1, 10)]


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for requirement in REQUIREMENTS for rule in requirement.rules]
    assert len(names) == len(set(names))


def test_everything_is_said_in_whole_sentences() -> None:
    texts = [text for found in REQUIREMENTS for text in (found.wording, found.why)]
    texts += [rule.wording for found in REQUIREMENTS for rule in found.rules]
    assert [text for text in texts if not text.endswith(".")] == []


def test_every_requirement_refers_to_somebody_else() -> None:
    assert [found.id for found in BY_ID.values() if not found.references] == []
