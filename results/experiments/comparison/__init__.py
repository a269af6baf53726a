"""Variants of a config trained with several seeds: what an idea is worth, and how sure that is."""
