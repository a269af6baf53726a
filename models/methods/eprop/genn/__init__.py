"""e-prop through mlGeNN's compiler."""
