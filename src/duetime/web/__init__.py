"""The web: pages for people, an API for programs, and who may use them."""
