"""The kinds of lessons: one file each, and the registry; those of questions in `questions`."""
