from duetime.plugins.metadata import PluginMetadata

__all__ = ["PluginMetadata"]
