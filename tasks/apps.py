from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "tasks"
    verbose_name = "Background doors"

    def ready(self) -> None:
        from tasks import dispatch

        dispatch.connect()
