"""Who can carry out a step."""
