"""What it costs.

Owns: the quote pipeline.
Calls: catalogue, campaigns.
Announces: see signals.py, where there is one.
"""
