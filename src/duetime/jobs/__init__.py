"""What a job is, how its arguments are bound, and how it is registered."""
