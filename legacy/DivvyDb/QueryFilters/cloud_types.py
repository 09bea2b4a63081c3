from duetime.core.cloud_types import CloudType

__all__ = ["CloudType"]
