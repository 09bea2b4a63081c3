from duetime.core.hooks import hookpoint

__all__ = ["hookpoint"]
