"""Facebook pages: their metrics by day, and their posts."""
