"""Limits on one caller's use of shared resources: login tries, cost over time, and concurrency."""
