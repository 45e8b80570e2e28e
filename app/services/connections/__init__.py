"""Connections to ad accounts and pages, and their access tokens: stored, checked, renewed, re-encrypted."""
