"""Words and rules of duetime that need nothing but the standard library."""
