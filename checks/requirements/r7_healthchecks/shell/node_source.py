"""`node -e SOURCE` in the few shapes that ask over HTTP and drop the answer: only that nobody listens is a failure."""

import re
from collections.abc import Sequence

from checks.requirements.r7_healthchecks.shell.state import EITHER, Result, Situation
from checks.requirements.r7_healthchecks.shell.values import ANY, FAILED, OK, Field

ARROW = r"(?:async\s*)?(?:function\s*)?(?:\(\s*\w*\s*\)|\w+)\s*(?:=>)?\s*"
LEAVES = r"\{{?\s*process\.exit\({status}\)\s*;?\s*\}}?"
WELL, ILL = LEAVES.format(status="0?"), LEAVES.format(status="[1-9]")
NOTHING = r"(?:\{\s*\}|null|undefined)"
ADDRESS = r"(?P<quote>[\"'`])https?://(?:(?!(?P=quote)).)*(?P=quote)"
HTTP = r"(?:require\((?P<q>[\"'`])(?:node:)?https?(?P=q)\)|https?)\.get"
FAILURE = r"\.(?:catch\(|on\(\s*(?P<e>[\"'`])error(?P=e)\s*,)\s*"
ASKS = re.compile(
    rf"\s*(?:await\s+)?(?:fetch|{HTTP})\(\s*{ADDRESS}(?:\s*,\s*{ARROW}{WELL})?\s*\)(?:\s*\.then\(\s*{ARROW}{WELL}\s*\))?"
    rf"(?:\s*{FAILURE}{ARROW}(?:{ILL}|(?P<ignored>{WELL}|{NOTHING}))\s*\))?\s*;?\s*"
)


def outcomes(words: Sequence[Field], situation: Situation) -> frozenset[Result]:
    """How `node WORDS` may end; an error that nobody catches ends in a failure."""
    match list(words):
        case ["-e" | "--eval", str(source)] if found := ASKS.fullmatch(source):
            well = situation == "error" or found["ignored"] is not None
            return frozenset({(OK if well else FAILED, ANY)})
    return EITHER
