"""Servers on the loopback that speak the shapes of real ones: honest fakes at the network's edge, for tests."""
