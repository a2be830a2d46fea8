"""What can be done with orders: placing, paying, moving, cancelling, refunding."""
