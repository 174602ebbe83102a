"""A column that follows another one."""

from typing import Any

from django.db import models

from discovery.platform.names import KEY_LENGTH, name_key


class KeyField(models.CharField[str, str]):
    """The ``name_key`` of another field, kept in step whenever the row is written, in bulk too."""

    def __init__(self, *args: Any, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **{"max_length": KEY_LENGTH, "editable": False, "db_index": True} | kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = name_key(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, value)
        return value
