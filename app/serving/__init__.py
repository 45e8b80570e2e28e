"""Serves ASGI applications over HTTP/1.1 so that no client can hold a process up: limits, deadlines, an orderly end."""
