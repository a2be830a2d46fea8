"""What a person runs from a shell."""
