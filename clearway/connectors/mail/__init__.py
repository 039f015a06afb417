"""Mail: notices as e-mail, by SMTP."""
