"""What an operation may cost: weights, and the plan that is computed from them before it runs."""
