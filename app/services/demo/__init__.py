"""The demo: sellers with logins, and accounts with data that comes through the real pipeline."""
