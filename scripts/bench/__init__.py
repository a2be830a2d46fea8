"""How fast it is: each benchmark builds its own data, measures, and prints what it measured."""
