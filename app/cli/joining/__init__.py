"""How other commands find a running instance, and join it."""
