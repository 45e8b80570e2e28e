"""Objects of an account as the contract's records."""
