"""Access to a platform: which provider answers for a connection, call budgets, pauses and health."""
