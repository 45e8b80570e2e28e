"""Settings from the environment, and what makes one unacceptable."""
