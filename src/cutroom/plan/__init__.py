"""What is to be done, as data: steps by id, wired by typed refs."""
