"""What the words ask for, and the plan that answers them."""
