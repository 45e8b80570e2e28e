"""Meta's Marketing API over HTTP. What is known of it, and how well, stands in the docstrings beside the code."""
