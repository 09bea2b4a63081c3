"""The entries of the catalogue, by family of services."""
