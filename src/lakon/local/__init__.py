"""The same program on this machine: the embedded AWS and the Lambda host behind it. Loopback only."""
