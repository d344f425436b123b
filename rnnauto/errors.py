"""Define every error that rnnauto raises on purpose, with its exit code.

* RnnautoError            exit code 2
  * RecipeError           a setting that does not exist, or that is out of its limits
  * DataError             a file that cannot be read, or problems in what it holds
    * LeakError           ... a leak, where `--fail-on-leak` asks for that; exit code 3
  * ModelFolderError      a model folder that is absent, damaged, in the way or not to be trusted
  * ExportError           the exported model does not give what the trained one gives
  * StorageError          a disk that takes no more
  * UpdateError           a model that an update would not make better; exit code 3
  * SearchError           no trial completed; exit code 4
    * Interrupted         ... because of Ctrl-C; exit code 130
"""


class RnnautoError(Exception):
    """Any error on purpose.

    Attributes:
        message: what was found and what was wanted.
        hint: what to do about it.
        exit_code: that of the program.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class RecipeError(RnnautoError):
    pass


class DataError(RnnautoError):
    pass


class LeakError(DataError):
    exit_code = 3


class ModelFolderError(RnnautoError):
    pass


class ExportError(RnnautoError):
    pass


class StorageError(RnnautoError):
    pass


class UpdateError(RnnautoError):
    exit_code = 3


class SearchError(RnnautoError):
    exit_code = 4


class Interrupted(SearchError):
    exit_code = 130
