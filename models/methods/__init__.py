"""Other ways to train the same networks, behind the engines' interface."""
