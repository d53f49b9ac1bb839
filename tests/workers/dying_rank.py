"""A worker of which the second process dies, as when the machine runs out of memory."""

import os
import signal
import time

if __name__ == "__main__":
    if os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)
