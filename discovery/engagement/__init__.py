"""What the product is worth to people, measured: of those who agreed to it all together, and for each person of their own."""
