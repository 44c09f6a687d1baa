"""Realistic inputs of R2, each with its right answer: names of images, and what Docker says of a port that is taken."""

from pathlib import Path

from checks.core.image_reference import is_pinned
from checks.core.tests.cases import Case, accepted, parametrized
from stack.driver.docker import from_words
from stack.driver.errors import PortTakenError

CASES = Path(__file__).with_name("cases")


@parametrized(CASES, "image-r2")
def test_whether_an_image_is_named_with_its_version(case: Case) -> None:
    assert ("pinned" if is_pinned(case["input"]) else "not pinned") in accepted(case)


@parametrized(CASES, "port-taken")
def test_which_port_is_taken(case: Case) -> None:
    problem = from_words(case["input"], "start it")
    taken = problem.sentence.split()[1] if isinstance(problem, PortTakenError) else "none"
    assert taken in accepted(case)
