from duetime.core.resource_types import ResourceType

__all__ = ["ResourceType"]
