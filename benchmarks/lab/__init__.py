"""The training lab: sets, arms, and what stands in for code of the product while they are tried."""
