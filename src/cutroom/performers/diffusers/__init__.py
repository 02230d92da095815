"""Pipelines of the `diffusers` library, run in this process."""
