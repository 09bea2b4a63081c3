"""Our own jobs, filters and actions: plugins like any other, loaded through the public door."""
