"""Statistics on their way in: fetched by days and levels, hashed, and stored."""
