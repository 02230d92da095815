"""The one seam to language models: messages with text, pictures, sound and clips in; text, or a validated object, out."""
