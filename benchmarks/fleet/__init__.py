"""What it costs to stop ten thousand instances: `python -m benchmarks.fleet`."""
