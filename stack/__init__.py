"""The stack that ships, and the Python that drives Docker for it and for any other Compose project."""

from pathlib import Path

SHIPPED = Path(__file__).resolve().parent
ROOT = SHIPPED.parent
PROJECT_NAME = "compliance-stack"  # the name that compose.yaml gives itself
