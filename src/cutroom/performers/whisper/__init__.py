"""Speech written down by faster-whisper, run in this process."""
