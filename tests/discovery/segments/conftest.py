from tests.discovery.radio.conftest import dial

__all__ = ["dial"]
