"""The way to Kubernetes. The only room that imports its client library."""
