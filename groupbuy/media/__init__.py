"""Pictures: taken in, made safe, kept, shown.

Owns: pictures and the place where their bytes are kept.
Calls: nobody; it knows who uses a picture only as a text.
Announces: nothing.
"""
