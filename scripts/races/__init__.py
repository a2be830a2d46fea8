"""`make races`: many real clients, processes that die, and what must hold all the same."""
