"""From a timeline to a film: the picture as Y'CbCr planes, the letters, the sound, and the file."""
