"""Connection profiles that are saved in Prefect and turn into plain settings."""

from blocks.profiles import SourceProfile, TargetProfile, source_settings, target_settings

__all__ = ["SourceProfile", "TargetProfile", "source_settings", "target_settings"]
