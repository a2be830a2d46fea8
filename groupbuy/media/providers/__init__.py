"""Where pictures are kept: one file per kind of store, and the registry."""
