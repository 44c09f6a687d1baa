"""A folder for each requirement, found by its `requirement.toml`."""
