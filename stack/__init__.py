"""The stack that ships, and the Python that drives Docker for it and for any other Compose project."""
