"""Figures, computed or drawn from published results; `gallery` names the modules that register them."""
