"""What can be done in the school."""
