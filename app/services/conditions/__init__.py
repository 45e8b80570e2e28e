"""Conditions of background work: a clock that agrees with the database's, and a schema that fits."""
