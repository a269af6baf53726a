"""The configuration of a run: what may be set, what it defaults to, and how it is read."""

from pipeline.config.initialisers import InitialConfig, InitialiserConfig
from pipeline.config.load import CONFIG_FOLDER, config_from_table, load_config
from pipeline.config.losses import CrossEntropyConfig, FirstSpikeConfig, MaxOverTimeConfig, WindowConfig
from pipeline.config.network import SynapsesConfig
from pipeline.config.run import Config, config_hash
from pipeline.config.training import GennConfig, TrainingConfig

__all__ = [
    "CONFIG_FOLDER",
    "Config",
    "CrossEntropyConfig",
    "FirstSpikeConfig",
    "GennConfig",
    "InitialConfig",
    "InitialiserConfig",
    "MaxOverTimeConfig",
    "SynapsesConfig",
    "TrainingConfig",
    "WindowConfig",
    "config_from_table",
    "config_hash",
    "load_config",
]
