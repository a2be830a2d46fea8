"""What the school takes and gives over HTTP."""
