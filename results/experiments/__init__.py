"""Experiments: what is trained to answer a question, and what its runs come to."""
