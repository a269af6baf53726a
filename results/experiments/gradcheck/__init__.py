"""How near stepped gradients come to the exact ones: ``make gradcheck``."""
