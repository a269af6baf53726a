"""Errors of gradients on time grids against the event-exact ones: ``make gradcheck``."""
