"""What was asked for, and reading in the files that came with it."""
