"""What people fill in at the door: django-allauth's forms, where ours say or do something more."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordKeyForm, SignupForm
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services.password import password_check
from discovery.platform.errors import Refusal


class SignIn(LoginForm):  # type: ignore[misc]  # the library is not typed
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Handle or e-mail address")
        self.fields["login"].widget.attrs = {"autocomplete": "username", "autocapitalize": "none"}
        self.fields["password"].widget.attrs.pop("placeholder")

    def user_credentials(self) -> dict[str, str]:
        """One name and no more: asked by two, an account that is there would take twice the time of none."""
        login = self.cleaned_data["login"]
        return {"email" if "@" in login else "username": login, "password": self.cleaned_data["password"]}


class SignUp(SignupForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["username"].label = _("Handle")
        self.fields["username"].help_text = _(
            "What others see. Where it is not free, you get one that begins like it, and can change it."
        )


class EndOthers(forms.Form):
    """Whether a new password ends what is signed in."""

    end_others = forms.BooleanField(
        label=_("Sign out everything else that is signed in as me"), initial=True, required=False
    )


class ResetPassword(EndOthers, ResetPasswordKeyForm):  # type: ignore[misc]
    field_order = ("password1", "password2", "end_others")

    def save(self) -> None:
        told = self.cleaned_data
        get_adapter().set_password(self.user, told["password1"], end_others=told["end_others"])


class ChangePassword(EndOthers, ChangePasswordForm):  # type: ignore[misc]
    field_order = ("oldpassword", "password1", "password2", "end_others")

    def clean_oldpassword(self) -> str:
        password: str = self.cleaned_data["oldpassword"]
        try:
            password_check(user=self.user, password=password)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.message, code=refusal.specific_code) from refusal
        return password

    def save(self) -> None:
        told = self.cleaned_data
        get_adapter().set_password(self.user, told["password1"], end_others=told["end_others"])
