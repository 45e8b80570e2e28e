"""The development instance that `up` runs: its processes, their start, supervision and end."""
