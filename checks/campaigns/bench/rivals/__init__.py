"""Other ways to write the same service, for the bench: each runs in the service's own image."""
