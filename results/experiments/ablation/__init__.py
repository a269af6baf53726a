"""How accuracy changes when one idea is taken away from the defaults or added: ``make ablation``."""
