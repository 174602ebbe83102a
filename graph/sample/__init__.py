"""A made-up community to try the product on: a seed comes in, people, music and plays go out."""
