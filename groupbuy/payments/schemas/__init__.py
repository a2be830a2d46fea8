"""What payments takes and gives over HTTP."""
