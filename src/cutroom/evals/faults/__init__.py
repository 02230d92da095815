"""Clean productions, and faults that are planted in them: what a judge is worth is what it finds of these."""
