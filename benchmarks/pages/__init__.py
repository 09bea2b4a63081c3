"""How long the database takes for the pages of a large installation."""
