"""The source checkout: the tools that check and fix it."""
