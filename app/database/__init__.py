"""Tables, roles, row-level security and how to reach them. No statement of the product stands here: see app.queries."""
