from DivvyPlugins.plugin_metadata import PluginMetadata


class metadata(PluginMetadata):
    version = '1.0'
    author = 'duetime'
    nickname = 'Start resource (job)'
    default_language_description = 'Brings a job that starts a resource; its class is registered as it is defined.'
    category = 'Jobs'
