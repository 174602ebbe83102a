from django.apps import AppConfig


class GraphConfig(AppConfig):
    name = "graph"
    verbose_name = "Music as a graph"

    def ready(self) -> None:
        from graph import visible
        from graph.services import deletion, uploads

        visible.register()
        deletion.connect()
        uploads.connect()
