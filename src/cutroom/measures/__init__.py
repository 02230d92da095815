"""What can be measured: on pictures, on moving pictures, in sound and in text. Numbers only; judging is elsewhere."""
