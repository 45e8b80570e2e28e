"""Campaigns, ad sets, ads, ad accounts and landing pages, and the lists of them."""
