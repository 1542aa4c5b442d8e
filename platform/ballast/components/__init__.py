"""The platform's components: one ComponentResource a file, each the same on every stack."""
