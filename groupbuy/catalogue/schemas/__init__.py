"""What the catalogue takes and gives over HTTP: a file for each resource."""
