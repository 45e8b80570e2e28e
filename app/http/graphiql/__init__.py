"""The GraphiQL page, its files, and the headers that browsers need."""
