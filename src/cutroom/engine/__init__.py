"""Carries out what the director decides: on this machine."""
