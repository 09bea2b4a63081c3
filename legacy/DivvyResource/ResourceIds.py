from duetime.core.resources import ResourceId

__all__ = ["ResourceId"]
