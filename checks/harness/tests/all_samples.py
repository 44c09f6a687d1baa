"""The samples of every requirement, together."""

import importlib
import pkgutil
from itertools import chain

from checks import requirements

_MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(requirements.__path__, "checks.requirements.")
    if ".samples" in found.name and not found.ispkg
]

PROVING: tuple[object, ...] = tuple(chain.from_iterable(module.PROVING for module in _MODULES))
NOTHING_TRIED: tuple[object, ...] = tuple(chain.from_iterable(module.NOTHING_TRIED for module in _MODULES))
VIOLATING: dict[str, tuple[object, ...]] = {
    rule: seen for module in _MODULES for rule, seen in module.VIOLATING.items()
}
