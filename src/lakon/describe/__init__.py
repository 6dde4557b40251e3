"""Declaration and state in, pictures and tables out. Pure."""
