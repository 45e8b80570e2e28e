"""Scalars, enums, ids and other types that say nothing of one entity."""
