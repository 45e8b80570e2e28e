"""The sandbox as a web server: calls and batches, tokens, and the control endpoints."""
