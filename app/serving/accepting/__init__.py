"""Accepting connections: places for them, and who waits or is refused when there is none."""
