"""What it costs.

Owns: the quote pipeline, promotions, coupons.
Calls: catalogue, campaigns, inventory, attribution, identity.
Announces: nothing; orders calls it to hold, use and give back what an order uses.
"""
