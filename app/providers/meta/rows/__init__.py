"""Insight rows as the contract's values: quickly where they are plain, one by one where they are odd."""
