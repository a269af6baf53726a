"""The embedded default: event-driven Eventprop in Numba."""
