"""Spoken commands: sound comes in, is recognized by a process of its own that can write no file, and is gone. Words and sound are kept nowhere."""
