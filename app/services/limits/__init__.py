"""What one caller may ask of us in a time, counted in Redis for all processes together."""
