"""Words become a plan, a plan becomes a playlist: how it is understood, chosen, put in order, kept and made anew."""
