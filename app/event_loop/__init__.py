"""The event loop shared fairly: long work in pieces, pauses, and how long it was held."""
