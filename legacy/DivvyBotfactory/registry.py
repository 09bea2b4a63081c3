from duetime.bots.action import BotFactoryAction
from duetime.bots.registration import ActionRegistry, BotFactoryRegistryWrapper

__all__ = ["ActionRegistry", "BotFactoryAction", "BotFactoryRegistryWrapper"]
