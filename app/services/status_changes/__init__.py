"""Pausing and activating in bulk."""
