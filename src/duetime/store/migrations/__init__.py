"""The revisions of the schema, in one line."""
