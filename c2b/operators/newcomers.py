"""Whether somebody who is entered by hand can be a person of this site."""

from email_validator import EmailNotValidError, validate_email

from c2b.accounts import passwords


def why_not_email(email: str) -> str | None:
    """What is wrong with an address, in the library's words."""
    try:
        validate_email(email, check_deliverability=False)
    except EmailNotValidError as problem:
        return str(problem)
    return None


def why_not_password(password: str, email: str, name: str) -> str | None:
    """What is wrong with a password."""
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        return f"expected {passwords.SHORTEST} to {passwords.LONGEST} characters"
    return "it is too easy to guess" if passwords.is_guessable(password, email, name) else None
