"""Accuracy of networks of different sizes, feed-forward and recurrent: ``make sizes``."""
