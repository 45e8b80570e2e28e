"""Processes that work in the background. A task parses its payload and calls one service."""
