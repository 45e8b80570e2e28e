"""The schedule: what is due when, and for which accounts."""
