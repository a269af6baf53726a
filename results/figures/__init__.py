"""The thesis's figures, computed: one module a figure or a family of them, each a function to a matplotlib figure."""
