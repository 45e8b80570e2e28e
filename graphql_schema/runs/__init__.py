"""Runs of background work, their progress, and what they leave out."""
