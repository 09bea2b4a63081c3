"""Bots: how they are written down, what they find, and how their actions are run."""
