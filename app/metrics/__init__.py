"""The metrics contract: what is counted, what is derived from it, how it is rounded. The only place with a formula."""
