"""What networks of different size, feed-forward and recurrent, can do: ``make sizes``."""
