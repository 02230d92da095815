"""What can be evaluated. Each suite is a function from its settings to a `Task`."""
