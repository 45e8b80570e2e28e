"""What outlives the sandbox's process: changes by clients, renewed tokens, the moved clock."""
