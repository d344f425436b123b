"""A worker whose objective is arithmetic: `python fake_worker.py FD FOLDER`, as the real one.

It speaks the protocol of `rnnauto.search.worker` and imports next to nothing, so that a test can
start and kill hundreds of them.
"""

import hashlib
import json
import os
import time

from rnnauto.search.starting.forks import own_pipe

SECONDS = 0.01  # of an epoch

HANGS = 1001  # units of a job that never ends


def main():
    connection, folder = own_pipe(lambda: None)
    send(connection, {"ready": True, "memory": 0})
    while True:
        try:
            message = json.loads(connection.recv_bytes())
            if "job" in message:
                run(connection, folder, message["job"])
        except (EOFError, OSError):
            os._exit(1)


def run(connection, folder, job):
    """Two epochs; leaves weights that name the job and its seed."""
    if job["values"]["units"] == HANGS:
        time.sleep(600)
    losses = [loss_of(job, epoch) for epoch in (1, 2)]
    epochs = []
    for number, loss in enumerate(losses, start=1):
        time.sleep(SECONDS)
        epochs.append(
            {"number": number, "train_loss": loss, "validation_loss": loss, "learning_rate": 0.1}
        )
        send(connection, {"epoch": epochs[-1]})
    name = f"{job['trial']}-fold{job['fold']}"
    partial = folder / "weights" / f"{name}.{os.getpid()}"
    partial.write_text(json.dumps(job["seed"]))
    partial.rename(folder / "weights" / name)
    result = {
        "status": "completed",
        "loss": min(losses),
        "score": 1 - min(losses),
        "seconds": 2 * SECONDS,
        "parameters": job["values"]["units"],
        "epochs": epochs,
        "gradient": {},
    }
    if job["values"]["units"] % 7 == 3:
        result |= {"status": "failed", "loss": None, "score": None, "reason": "seven"}
    send(connection, {"result": result, "memory": 0})


def loss_of(job, epoch):
    """A number in 0 to 1 that depends on the settings, the fold and the seed."""
    text = f"{job['values']['units']}/{job['fold']}/{job['seed']}/{epoch}"
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 16**8


def send(connection, message):
    connection.send_bytes(json.dumps(message).encode())


if __name__ == "__main__":
    main()
