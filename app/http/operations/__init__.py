"""Health and readiness, for load balancers."""
