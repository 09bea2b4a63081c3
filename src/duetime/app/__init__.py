"""Settings, wiring and logging: what makes one running duetime out of the parts."""
