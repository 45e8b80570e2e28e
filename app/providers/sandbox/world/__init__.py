"""The worlds that are served: accounts, their campaigns, ad sets, ads, and what they deliver."""
