"""What is made: immutable media, known by the hash of their bytes."""
