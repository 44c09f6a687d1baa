"""Keeps items in Redis behind two routes, and says how it is."""
