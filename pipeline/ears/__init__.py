"""Ears: what turns a recording into events. The cochlea has its own package, `pipeline.cochlea`."""
