"""The one exception that means "what you gave us is wrong"."""


class InputError(ValueError):
    """Bad input from the user: a file, a field or an option.

    The message is one clear sentence that names the file or field, what was found and what is wanted. The
    command lines print it without a traceback and exit with code 2.
    """
