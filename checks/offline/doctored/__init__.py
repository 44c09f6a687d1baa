"""Observations as no stack gave them, a module per requirement.

In each: `VIOLATING`, for each rule some that violate it and nothing else; `PROVING`, some that violate nothing; and
`NOTHING_TRIED`, of each kind one that a check leaves which tried nothing.
"""

import importlib
import pkgutil
from itertools import chain

_MODULES = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]

PROVING: tuple[object, ...] = tuple(chain.from_iterable(module.PROVING for module in _MODULES))
NOTHING_TRIED: tuple[object, ...] = tuple(chain.from_iterable(module.NOTHING_TRIED for module in _MODULES))
VIOLATING: dict[str, tuple[object, ...]] = {
    rule: seen for module in _MODULES for rule, seen in module.VIOLATING.items()
}
