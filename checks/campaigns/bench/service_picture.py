"""Requests per second as a picture: two bars for each way to write the service."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

WIDTH, LEFT, RIGHT = 760, 16, 660
TOP, GROUP, BAR = 78, 62, 16  # of the first group; from group to group; of a bar


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Requests of one kind per second: the median of the rounds, the lowest and the highest."""

    who: str
    kind: str
    low: float
    middle: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A bar where it is drawn, with its whisker."""

    bar: Bar
    y: int
    width: float
    low: float
    high: float


def as_svg(bars: Sequence[Bar]) -> str:
    environment = Environment(
        loader=PackageLoader("checks.campaigns.bench", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = list(dict.fromkeys(bar.who for bar in bars))
    words = ". ".join(f"{bar.who}: {bar.middle:,.0f} {bar.kind} per second" for bar in bars)
    return environment.get_template("service.svg.j2").render(
        groups=[(name, TOP + GROUP * number) for number, name in enumerate(names)],
        placed=placed(bars, names), width=WIDTH, height=TOP + GROUP * len(names) + 8, left=LEFT, bar=BAR, words=words,
    ) + "\n"  # fmt: skip


def placed(bars: Sequence[Bar], names: Sequence[str]) -> list[Placed]:
    """All to one scale, from nothing."""
    scale = (RIGHT - LEFT) / max(bar.high for bar in bars)
    found: list[Placed] = []
    for bar in bars:
        beside = len([one for one in found if one.bar.who == bar.who])
        y = TOP + GROUP * names.index(bar.who) + 8 + beside * (BAR + 3)
        low, middle, high = (round(value * scale, 1) for value in (bar.low, bar.middle, bar.high))
        found.append(Placed(bar=bar, y=y, width=middle, low=LEFT + low, high=LEFT + high))
    return found
