"""GpuMf's biased model in PyTorch on the CPU, in turns (see Turns.java): y = p.q + b_u + b_i + mean, mean squared error, mini-batches.

With the optimizer "adam" embeddings have dense gradients and Adam moves every row in every step, as Keras' does; with "sparse-adam" only
the batch's rows move.

usage: torch_mf.py TRAIN HELD_OUT|- FACTORS BATCH_SIZE THREADS LEARNING_RATE REGULARIZATION adam|sparse-adam
"""

import sys
import time

import numpy
import torch

INITIAL = 0.05  # Keras' embeddings start within it of 0

train_file, held_out_file, factors, batch_size, threads, learning_rate, regularization, optimizer_name = sys.argv[1:]
factors, batch_size, threads = int(factors), int(batch_size), int(threads)
learning_rate, regularization = float(learning_rate), float(regularization)
sparse = optimizer_name == "sparse-adam"

torch.set_num_threads(threads)
torch.manual_seed(1)


def read(file):
    """See RatingColumns.java: three 64-bit numbers, then the columns."""
    size, users, items = (int(count) for count in numpy.fromfile(file, dtype="<i8", count=3))
    indices = numpy.fromfile(file, dtype="<i4", offset=24, count=2 * size)
    values = numpy.fromfile(file, dtype="<f4", offset=24 + 8 * size, count=size)
    return (users, items, torch.from_numpy(indices[:size].astype("i8")), torch.from_numpy(indices[size:].astype("i8")),
            torch.from_numpy(values))


users, items, user, item, value = read(train_file)
held_out = None if held_out_file == "-" else read(held_out_file)
mean = value.mean()
ratings = len(value)

p = torch.nn.Embedding(users, factors, sparse=sparse)
q = torch.nn.Embedding(items, factors, sparse=sparse)
bu = torch.nn.Embedding(users, 1, sparse=sparse)
bi = torch.nn.Embedding(items, 1, sparse=sparse)
for table in (p, q):
    torch.nn.init.uniform_(table.weight, -INITIAL, INITIAL)
for table in (bu, bi):
    torch.nn.init.zeros_(table.weight)
weights = [table.weight for table in (p, q, bu, bi)]
optimizer = (torch.optim.SparseAdam if sparse else torch.optim.Adam)(weights, lr=learning_rate)


def predict(pu, qi, u, i):
    return (pu * qi).sum(1) + bu(u).squeeze(1) + bi(i).squeeze(1) + mean


def epoch():
    order = torch.randperm(ratings)
    epoch_user, epoch_item, epoch_value = user[order], item[order], value[order]
    squares = 0.0
    for first in range(0, ratings, batch_size):
        u, i, r = (column[first:first + batch_size] for column in (epoch_user, epoch_item, epoch_value))
        optimizer.zero_grad(set_to_none=True)
        pu, qi = p(u), q(i)
        error = torch.nn.functional.mse_loss(predict(pu, qi, u, i), r)
        loss = error
        if regularization > 0:
            loss = error + regularization * (pu.square().sum() + qi.square().sum()) / len(r)
        loss.backward()
        optimizer.step()
        squares += error.item() * len(r)
    return (squares / ratings) ** 0.5


def rmse(held_out):
    with torch.no_grad():
        _, _, u, i, r = held_out
        return torch.nn.functional.mse_loss(predict(p(u), q(i), u, i), r).item() ** 0.5


print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    training_rmse = epoch()
    seconds = time.perf_counter() - start
    held_out_rmse = "%.6f" % rmse(held_out) if held_out else "NaN"
    print("turn %.6f %.6f %s" % (seconds, training_rmse, held_out_rmse), flush=True)
