"""A `.env` is read as Compose reads it, which has the last word."""

import json
import subprocess
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from checks.subject.env_file import told_of_example, variables_of
from checks.subject.tests.compose import needs_compose

NAMES = ["ONE", "TWO", "THREE"]
plain = st.text("abz09_-./:@%+,=", max_size=8)
value = st.one_of(
    plain,
    plain.map(lambda text: f"'{text} x'"),
    plain.map(lambda text: f'"{text} # x"'),
    plain.filter(bool).map(lambda text: f"{text} # a comment"),  # behind nothing, Compose takes it for the value
    st.sampled_from(["${ONE}-x", "$ONE-x", "a$TWO", "${NONE:-y}", "${ONE:-y}", "'${ONE}'", '"a ${ONE} b"']),
)
line = st.one_of(
    st.tuples(st.sampled_from(NAMES), value).map("=".join),
    st.tuples(st.sampled_from(NAMES), value).map(lambda pair: f"export {pair[0]}={pair[1]}"),
    st.sampled_from(["", "# a comment", "  # ONE=no"]),
)


@needs_compose
@effort(derandomize=True, max_examples=20, deadline=None)
@given(st.lists(line, max_size=6).map("\n".join))
def test_variables_are_those_that_compose_reads(text: str) -> None:
    told = {name: f"[${{{name}-unset}}]" for name in NAMES}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".env").write_text(text + "\n")
        Path(folder, "compose.yaml").write_text(json.dumps({"services": {"x": {"image": "x", "environment": told}}}))
        asked = ["docker", "compose", "config", "--format", "json"]
        done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True)
        ours = {name: f"[{variables_of(Path(folder)).get(name, 'unset')}]" for name in NAMES}
    theirs = json.loads(done.stdout)["services"]["x"]["environment"]
    assert {name: value.replace("$$", "$") for name, value in theirs.items()} == ours


def test_who_cloned_is_told_what_to_make_env_from(tmp_path: Path) -> None:
    assert told_of_example(tmp_path) == ""
    (tmp_path / ".env.example").write_text("PORT=80\n")
    assert "`.env.example`" in told_of_example(tmp_path)
    (tmp_path / ".env").write_text("PORT=80\n")
    assert told_of_example(tmp_path) == ""
