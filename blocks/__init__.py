"""What is saved in Prefect: connection profiles, which turn into plain settings, and who is told of alerts."""

from blocks.notification import Notification
from blocks.profiles import SourceProfile, TargetProfile, source_settings, target_settings

__all__ = ["Notification", "SourceProfile", "TargetProfile", "source_settings", "target_settings"]
