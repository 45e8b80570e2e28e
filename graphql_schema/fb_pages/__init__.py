"""Facebook pages, their metrics and their posts."""
