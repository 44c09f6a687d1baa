"""The command `compose-compliance`: what nox and invoke do, for projects of other people, without a clone."""
