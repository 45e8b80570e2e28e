"""One WebSocket connection: limits on its frames and messages."""
