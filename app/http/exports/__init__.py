"""Exports: whole lists as files, streamed."""
