"""The long proof of R3: many power cuts and kills of one stack, and what was still there after each."""
