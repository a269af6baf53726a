"""What is trained: descriptions of networks, windows and losses, and the engines that run them."""
