"""A stand-in for the part of Meta's Graph API that this product uses. Knows nothing of our tables, jobs or tenants."""
