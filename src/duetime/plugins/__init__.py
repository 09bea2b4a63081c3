"""Plugins: folders and installed packages that bring jobs, actions and filters, and may come and go at run time."""

from duetime.plugins.discovery import discover
from duetime.plugins.faults import Fault
from duetime.plugins.loaded_plugin import LoadedPlugin
from duetime.plugins.metadata import PluginMetadata
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource, SourceKind
from duetime.plugins.trust import require_trusted

__all__ = [
    "Fault",
    "LoadedPlugin",
    "PluginManager",
    "PluginMetadata",
    "PluginSource",
    "SourceKind",
    "discover",
    "require_trusted",
]
