"""What fulfilment takes and gives over HTTP, a file for each resource."""
