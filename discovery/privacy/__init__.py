"""What people can see and do about what is used of them: usage, previews, export, erasure."""
