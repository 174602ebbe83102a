"""The door: what is ours about signing up and in, which django-allauth does.

Nobody learns here who has an account, nobody is kept out of their own by somebody else's guesses, and what signs somebody
in is one of their devices.
"""
