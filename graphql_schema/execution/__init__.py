"""What happens to a document before anything of it runs: it is measured, validated once, kept, and priced."""
