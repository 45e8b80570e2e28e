"""Where ads live: Meta, the mock of it that needs no network, and the sandbox that stands in for Meta's Graph API."""
