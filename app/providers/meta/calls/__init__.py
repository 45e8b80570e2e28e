"""One call of the Graph API: credentials, usage headers, errors, access."""
