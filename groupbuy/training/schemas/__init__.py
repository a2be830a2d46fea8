"""What the school takes and gives over HTTP: one file per topic."""
