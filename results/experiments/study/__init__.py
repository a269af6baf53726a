"""The study: which readout window is best, chosen alike, compared in pairs, with what it could have seen."""
