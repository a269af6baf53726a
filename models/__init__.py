"""What is trained: descriptions of networks, windows and losses, and the engines that run them."""

from models.environment import drop_unusable

drop_unusable()
