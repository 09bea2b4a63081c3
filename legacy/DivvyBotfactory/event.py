from duetime.bots.bot_event import BotEvent

__all__ = ["BotEvent"]
