"""Benchmarks: duetime next to bare-driver loops on the same databases; run by `make bench`."""
