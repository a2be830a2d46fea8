"""The starter curriculum: what the school teaches before headquarters wrote a word of its own.

A folder is a program: `program.toml` says what it is made of, `questions.toml` what its assessment
draws from, and each lesson has its texts in `<course>/<lesson>.zh.md` and `.en.md`. How to add to
it: docs/operations.md.
"""
