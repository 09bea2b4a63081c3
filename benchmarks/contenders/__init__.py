"""Who is measured: duetime, the limit (a bare loop on its schema) and a lean loop on a minimal table."""
