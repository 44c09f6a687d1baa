"""How a person runs what a hint names: a task of `invoke` in a clone, the package's command where only that is."""

import re

from stack import ROOT

IN_A_CLONE = (ROOT / "tasks.py").is_file()  # which no wheel holds
NAMED = re.compile(r"--(?:stack|to) ")  # options of tasks that are plain arguments of the command


def task(words: str) -> str:
    """The words to type, in backticks: of `init --stack DIR`, say."""
    return f"`invoke {words}`" if IN_A_CLONE else f"`compose-compliance {NAMED.sub('', words)}`"
