"""Decides what to do next, and does nothing itself."""
