"""Where everything that must survive is kept: SQLite or PostgreSQL. The only package that knows SQL."""
