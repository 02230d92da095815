"""The harness that measures: cases are made, judged and counted, and whatever happened stands in one log."""
