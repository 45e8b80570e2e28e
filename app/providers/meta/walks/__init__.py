"""Walks over what Meta lists by pages: page sizes, cursors, bounds, and the patience with what fails in passing."""
