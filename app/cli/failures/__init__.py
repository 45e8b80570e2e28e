"""What a command says when a server fails it."""
