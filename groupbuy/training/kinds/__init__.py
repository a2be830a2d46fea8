"""What differs by kind: of lessons, of questions."""
