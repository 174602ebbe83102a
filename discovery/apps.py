from django.apps import AppConfig


class DiscoveryConfig(AppConfig):
    name = "discovery"
    verbose_name = "What a person is shown and why"

    def ready(self) -> None:
        from discovery import visible
        from discovery.radio import purge
        from discovery.recommend import disclosure

        visible.register()
        disclosure.connect()
        purge.connect()
