"""One interface, several engines."""
