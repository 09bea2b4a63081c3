"""The worker side: claim what is due, run it, write what came of it."""
