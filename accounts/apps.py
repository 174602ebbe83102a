from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People: who they are, whom they know, what they allow"

    def ready(self) -> None:
        from accounts import checks, oauth, visible
        from accounts.middleware import browser

        checks.connect()
        visible.register()
        browser.connect()
        oauth.connect()
