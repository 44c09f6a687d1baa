"""Observations for R3's last rung as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r3_durability.judge.power_cut import Cut, Moment, PowerCuts

SURVIVED = Cut(
    moment=Moment.WRITING,
    in_the_middle=True,
    through_redis=249,
    through_api=125,
    back=True,
    lost=0,
    lost_through_api=0,
    some_lost=(),
    seconds=0.9,
)
LOST = replace(SURVIVED, lost=2, lost_through_api=1, some_lost=("audit:cut-1-0-7", "cut-1-0-3"))
CONTROLS = {"everysec": (LOST,), "no": (SURVIVED, LOST)}
EVERY_MOMENT = tuple(replace(SURVIVED, moment=moment) for moment in Moment)
CUT = PowerCuts(policy="always", cuts=EVERY_MOMENT, controls=CONTROLS)


def with_one(cut: Cut) -> PowerCuts:
    return replace(CUT, cuts=(*EVERY_MOMENT[1:], cut))


PASSING: tuple[object, ...] = (CUT, replace(CUT, controls={}))

FAILING: dict[str, tuple[object, ...]] = {
    "power-cut-keeps": (
        with_one(LOST),
        with_one(replace(SURVIVED, lost=1, some_lost=("audit:cut-1-0-7",))),
        with_one(replace(SURVIVED, back=False)),
    ),
}

VACUOUS: tuple[object, ...] = (
    replace(CUT, cuts=()),
    with_one(replace(SURVIVED, in_the_middle=False)),
    with_one(replace(SURVIVED, through_redis=0)),
    with_one(replace(SURVIVED, through_api=0)),
)
