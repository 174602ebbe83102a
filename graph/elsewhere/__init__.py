"""What other installations send: sums over their listeners, and vectors of music. Read, checked, and laid over this catalog."""
