"""What a real PostgreSQL says about an Alembic history, revision by revision: see README.md beside this file."""
