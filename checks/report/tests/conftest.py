"""What needs a browser runs when it is named: `nox -s page`."""

collect_ignore = ["browser"]
