"""An account's structure: its campaigns, ad sets and ads, what is set on them, and what they deliver."""
