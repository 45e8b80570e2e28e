"""The demo: sellers with logins and accounts whose data comes through the real pipeline."""
