"""Who logs in, and the trail of login attempts."""
