"""From sound to mouth shapes: the viseme inventory and the streaming classifier."""
