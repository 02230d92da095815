"""The one door to the network: what is asked, what came, and every way in which it goes wrong, by name."""
