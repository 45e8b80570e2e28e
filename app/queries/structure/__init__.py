"""What the platform says of an account's campaigns, ad sets and ads, and what was odd in it."""
