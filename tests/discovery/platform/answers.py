"""Answers of an execution as values that compare."""


def shown(result):
    errors = [
        (error.message, error.path, error.locations, type(error.original_error))
        for error in result.errors or ()
    ]
    return result.data, errors, list(result.data or {})
