"""Logging in, and the trail that login attempts leave."""
