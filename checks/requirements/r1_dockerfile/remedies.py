"""Changes to files that have a project keep the rules of R1."""

from __future__ import annotations

import json
import re
import shlex

from checks.core.verdict import Violation
from checks.requirements.r1_dockerfile.build_context import in_place
from checks.subject.draft import Draft, NoPatchError, remedies

SHELL_FORM = re.compile(r"(?mi)^(\s*(?:CMD|ENTRYPOINT)\s+)(?!\[)([^\n\\]+)$")
ROOT = ("root", "0")
FOR_A_SHELL = frozenset("$`|&;<>*?(){}~#\\\"'")


@remedies("hadolint-clean")
def in_exec_form(draft: Draft, violation: Violation) -> None:
    """CMD and ENTRYPOINT whose line is plain words; what else hadolint names has no one answer."""
    told = violation.seen if isinstance(violation.seen, list) else []
    if not all("DL3025" in str(one) for one in told):
        raise NoPatchError("what hadolint names has more than one answer")
    for sources in in_place(draft.files):
        if sources.original is not None:
            text = draft.text(sources.original)
            draft.write(sources.original, SHELL_FORM.sub(lambda found: found[1] + exec_form(found[2]), text))


def exec_form(line: str) -> str:
    """`python3 server 5000` as a list; raises NoPatchError for one that needs a shell."""
    if FOR_A_SHELL & set(line):
        raise NoPatchError(f"`{line.strip()}` needs a shell to be read")
    return json.dumps(shlex.split(line))


@remedies("container-non-root")
def leave_the_user_to_the_image(draft: Draft, _: Violation) -> None:
    for service, spec in draft.files.services.items():
        if str(spec.get("user") or "").partition(":")[0] in ROOT:
            draft.remove(service, "user")
