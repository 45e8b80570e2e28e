"""Graph's own rules: versions, limits, usage, features that new apps may not use."""
