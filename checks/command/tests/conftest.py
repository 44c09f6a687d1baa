"""What builds and installs the package runs when it is named: `nox -s wheel`."""

collect_ignore = ["wheel"]
