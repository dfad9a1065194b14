"""The drawn face: mouth shapes over time, and the picture that shows them."""
