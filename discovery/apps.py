from django.apps import AppConfig
from django.conf import settings


class DiscoveryConfig(AppConfig):
    name = "discovery"
    verbose_name = "What a person is shown and why"

    def ready(self) -> None:
        from discovery import references, visible
        from discovery.experiments import exposures, serving
        from discovery.moments import services as moments
        from discovery.plans import companions, for_moment
        from discovery.platform import clock, safe_settings
        from discovery.platform.graphql import deadline
        from discovery.platform.private_files import private_tighten
        from discovery.privacy import erasures_kept, export, withdrawals_kept
        from discovery.radio import purge
        from discovery.recommend import disclosure, variants
        from discovery.room import services as rooms
        from discovery.together import playing

        safe_settings.connect()
        visible.register()
        references.connect()
        disclosure.connect()
        purge.connect()
        exposures.connect()
        variants.connect(serving.offer)
        playing.connect()
        moments.connect()
        rooms.connect()
        for_moment.connect()
        companions.connect()
        export.connect()
        erasures_kept.connect()
        withdrawals_kept.connect()
        deadline.connect()
        clock.connect()
        private_tighten(settings.HOME_DIR, settings.ARTIFACT_DIR)
