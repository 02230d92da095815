"""Runs a production: opens it, has it worked on, hands over what came of it, and changes it later."""
