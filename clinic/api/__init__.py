"""What every part of the JSON API shares: strict input, problem documents, language, its own pages."""
