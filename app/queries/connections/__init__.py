"""Connections of ad accounts and pages: found, created, and their tokens kept as ciphertext."""
