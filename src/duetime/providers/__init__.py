"""The code that reads and changes clouds, one provider each, behind the one port of `core.cloud`."""
