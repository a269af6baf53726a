"""The cochlea converts recordings to spikes, after Cramer et al. (2020)."""

from pipeline.cochlea.basilar_membrane import BasilarMembrane
from pipeline.cochlea.bushy_cell import BushyCell
from pipeline.cochlea.cochlea import Cochlea
from pipeline.cochlea.hair_cell import HairCell
from pipeline.cochlea.sound import Sound

__all__ = ["BasilarMembrane", "BushyCell", "Cochlea", "HairCell", "Sound"]
