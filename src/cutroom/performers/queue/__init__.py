"""Performers behind queues: a job is handed in, asked after, and its result fetched. Nobody calls us back."""
