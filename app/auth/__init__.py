"""Passwords, access tokens and the cipher for provider tokens. Pure functions of their input: no SQL, no HTTP."""
