"""Wire forms of declarations and of the notifications about them."""
