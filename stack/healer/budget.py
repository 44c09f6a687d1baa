"""How many restarts a whole stack may have: a token bucket. However wrong everything looks, no more than these come."""

import math
from dataclasses import dataclass

from stack.healer.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What has been spent and not yet grown back, at a moment of the kernel's clock: full to begin with."""

    spent: float = 0.0
    at: float = 0.0

    def left(self, now: float, settings: Settings) -> float:
        """Reckon how many restarts may be done at once now."""
        return settings.budget_restarts - self._owed(now, settings)

    def take(self, now: float, settings: Settings) -> "Budget":
        """Spend one."""
        return Budget(spent=self._owed(now, settings) + 1, at=now)

    def next_at(self, now: float, settings: Settings) -> float:
        """Tell when there is one to spend: now, where there is, and never where the budget is too small for one."""
        if settings.budget_restarts < 1:
            return math.inf
        return now + max(1 - self.left(now, settings), 0.0) * settings.budget_refill_seconds

    def _owed(self, now: float, settings: Settings) -> float:
        if not settings.budget_refill_seconds:
            return 0.0
        return max(self.spent - (now - self.at) / settings.budget_refill_seconds, 0.0)
