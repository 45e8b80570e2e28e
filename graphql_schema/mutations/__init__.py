"""Everything that changes something, one file a mutation. A payload is read after the change is committed."""
