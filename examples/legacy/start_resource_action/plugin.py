from DivvyPlugins.plugin_metadata import PluginMetadata


class metadata(PluginMetadata):
    version = '1.0'
    author = 'duetime'
    nickname = 'Start resource (action)'
    default_language_description = 'Brings an action that schedules the start of resources.'
    category = 'Actions'
