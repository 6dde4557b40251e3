"""Sources in, archives out. Files and child processes; never AWS."""
