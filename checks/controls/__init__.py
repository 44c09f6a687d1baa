"""Sabotages of a stack, and the rules that must object to them: what shows that a check can fail."""
