"""What may be done on behalf of a project: nothing outside its containers, unless told so."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from checks.subject.dangers import Danger, Found
from checks.subject.plain import plain
from stack.driver.errors import StackError

SHOWN = 20  # of what is dangerous; a project of ten thousand services is told of in a page


class UntrustedError(StackError):
    """The project asks for more than containers of its own, and nobody said that it may."""

    exit_code = 10


@dataclass(frozen=True, kw_only=True)
class Trust:
    """What a person allowed: everything (`--trust`), or some kinds of danger (`--allow`)."""

    everything: bool = False
    allowed: frozenset[Danger] = frozenset()

    def allows(self, danger: Danger) -> bool:
        """Whether things of this kind are."""
        return self.everything or danger in self.allowed

    def require(self, found: Sequence[Found]) -> None:
        """Raises UntrustedError that names whatever is dangerous and not allowed, a line each."""
        refused = [one for one in found if not self.allows(one.danger)]
        if refused:
            kinds = ",".join(sorted({one.danger for one in refused}))
            more = (f"and {len(refused) - SHOWN} more",) if len(refused) > SHOWN else ()
            raise UntrustedError(
                "nothing was started: the project asks for more than containers of its own",
                details=(*(plain(str(one)) for one in refused[:SHOWN]), *more),
                hint=f"who trusts it with this machine says `--trust`, or `--allow {kinds}`",
            )


NOTHING = Trust()
EVERYTHING = Trust(everything=True)


def preparation(words: Sequence[str]) -> list[Found]:
    """The command that a profile wants run on this machine, as one dangerous thing."""
    return [Found(danger=Danger.PREPARE, key="compliance.toml prepare", value=shlex.join(words))] if words else []


def allowed(text: str) -> frozenset[Danger]:
    """The kinds in 'privileged,docker-socket'; raises ValueError that names those there are."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in [*Danger]]:
        raise ValueError(f"`{plain(unknown[0])}` is no kind of danger: {', '.join(Danger)}")
    return frozenset(map(Danger, names))
