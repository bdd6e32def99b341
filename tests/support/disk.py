"""A disk that takes no more."""

import resource
import signal


def limited(megabytes: float):
    """For a child process: files may not grow beyond so many megabytes, as on a full disk."""

    def limit() -> None:
        size = int(megabytes * 1e6)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit
