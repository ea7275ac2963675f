"""The spaCy components, one file each. Importing this package registers their factories."""
