"""Imperceptible watermarks for picture and sound: spread spectrum, with a number of 32 bits as payload."""
