"""What the product does, in its own words. Knows neither HTTP nor GraphQL; SQL stands in app.queries."""
