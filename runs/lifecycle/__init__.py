"""How a run gets from one state to the next: by its worker, or by a decision or message of a person."""
