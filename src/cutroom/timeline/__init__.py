"""The timeline: what is seen and heard when, as immutable data."""
