"""What every app stands on. Imports none of them."""
