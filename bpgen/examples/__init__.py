"""Generated modules in real use: small programs to copy from."""
