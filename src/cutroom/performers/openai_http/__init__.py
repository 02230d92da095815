"""Performers behind servers that speak OpenAI's shapes: pictures, clips, voices, transcripts, sounds."""
