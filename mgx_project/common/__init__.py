"""The cellar: what every app stands on. Imports none of them."""
