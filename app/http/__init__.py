"""The web face: GraphQL over HTTP, GraphiQL, health, metrics. Translates; decides nothing of the product."""
