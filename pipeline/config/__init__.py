"""The configuration of a run: what may be set, what it defaults to, and how it is read."""

from pipeline.config.load import CONFIG_FOLDER, config_from_table, load_config
from pipeline.config.run import Config, config_hash
from pipeline.config.training import TrainingConfig

__all__ = ["CONFIG_FOLDER", "Config", "TrainingConfig", "config_from_table", "config_hash", "load_config"]
