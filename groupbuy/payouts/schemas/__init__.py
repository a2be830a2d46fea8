"""What payouts take and give over HTTP."""
