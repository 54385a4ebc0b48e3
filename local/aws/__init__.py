"""AWS on this machine: moto's server, mended where the platform needs it, and the template's resources."""
