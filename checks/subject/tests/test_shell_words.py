"""Words are those that a shell would hand to a program: `sh` has the last word."""

import subprocess

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from checks.subject.shell_words import commands_in

LETTERS = st.text("abz09_-./:@%+,~\\ '\"é*?[]{}!#=&|;<>()", min_size=1, max_size=8)
quoted = st.one_of(
    LETTERS.map(lambda text: "'" + text.replace("'", "") + "'"),
    LETTERS.map(lambda text: '"' + "".join("\\" + one if one in '"\\' else one for one in text) + '"'),
    st.text("abz09_-./:@%+,", min_size=1, max_size=8),
    LETTERS.map(lambda text: "".join("\\" + one if one in "\\ '\"*?[]{}!#=&|;<>()~" else one for one in text)),
)
words = st.lists(quoted, min_size=1, max_size=2).map("".join)


@effort(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(words, min_size=1, max_size=4))
def test_quotes_are_taken_off_as_a_shell_does(told: list[str]) -> None:
    line = " ".join(["printf", "'%s\\0'", *told])
    seen = subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout.decode().split("\0")[:-1]
    ((program, _, *ours),) = commands_in(line)
    assert (program, ours) == ("printf", seen)


def test_commands_are_found_wherever_they_stand() -> None:
    script = "if a b; then (c 'd e' | f); fi && for x in 1 2; do g $x; done; h=\"$(i j)\" k; l() { m; }; n=1"
    found = [*commands_in(script)]
    expected = [("a", "b"), ("c", "d e"), ("f",), ("g", "$x"), ("i", "j"), ("h=$(i j)", "k"), ("m",), ("n=1",)]
    assert sorted(found) == sorted(expected)


def test_what_is_no_script_has_no_commands_or_some() -> None:
    for text in ("", "a 'b", "if", ")", "\0", "a && && b"):
        assert all(isinstance(words, tuple) for words in commands_in(text))
