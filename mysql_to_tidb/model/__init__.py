"""What all other packages speak in: plain frozen values, without any I/O."""
