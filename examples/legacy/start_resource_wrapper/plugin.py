from DivvyPlugins.plugin_metadata import PluginMetadata


class metadata(PluginMetadata):
    version = '1.0'
    author = 'duetime'
    nickname = 'Start resource (wrapper)'
    default_language_description = 'Brings a job that starts resources in groups; a wrapper registers it.'
    category = 'Jobs'
