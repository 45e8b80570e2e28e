"""What happens to a document before it runs: it is measured, validated once, cached, and priced."""
