"""Cutroom."""
