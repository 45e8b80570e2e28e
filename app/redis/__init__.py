"""Connections to Redis: limited, shared, and whether it does its work."""
