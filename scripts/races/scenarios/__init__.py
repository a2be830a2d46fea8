"""One file per scenario, and the registry."""
