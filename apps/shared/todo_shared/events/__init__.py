"""What happened, told to other services: payloads, schemas and the CloudEvents envelope."""
