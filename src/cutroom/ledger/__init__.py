"""The events of one production, in order; its state is the fold of them."""
