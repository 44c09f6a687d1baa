"""Observations for R3 as no stack gave them: see the package."""

from checks.requirements.r3_durability.judge.keeper import Keeper

NOBODY = Keeper(service="", because="no service runs the image or the program of a Redis")

PASSING: tuple[object, ...] = (Keeper(service="redis", because="it runs redis-server"),)
FAILING: dict[str, tuple[object, ...]] = {"redis-keeps-the-data": (NOBODY,)}
VACUOUS: tuple[object, ...] = (NOBODY,)
