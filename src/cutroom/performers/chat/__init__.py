"""Performers that are chat models: stories, and a plan for each of their shots."""
