"""The training of gpu-check in PyTorch: y = p.q + b_u + b_i + mean, mean squared error, mini-batches.

Prints a line of JSON for each optimizer: the median time of an epoch, and the RMSE of the last one. Ratings lie on the device, the
order of an epoch is drawn there, and nothing comes back before its end: what a careful user of PyTorch writes.

usage: torch_peer.py RATINGS USERS ITEMS FACTORS BATCH_SIZE SECONDS
"""

import json
import statistics
import sys
import time

import torch

EPOCHS = 5  # after one that is not counted

ratings, users, items, factors, batch_size, seconds = map(int, sys.argv[1:])
device = "cuda"
start_of_all = time.monotonic()

generator = torch.Generator(device=device).manual_seed(1)
user = torch.randint(users, (ratings,), device=device, generator=generator)
item = (torch.rand(ratings, device=device, generator=generator) ** 3 * items).long()
value = 1.0 + item % 4 + torch.randint(2, (ratings,), device=device, generator=generator)
mean = value.mean()


class Model(torch.nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.p = torch.nn.Embedding(users, factors, sparse=sparse)
        self.q = torch.nn.Embedding(items, factors, sparse=sparse)
        self.bu = torch.nn.Embedding(users, 1, sparse=sparse)
        self.bi = torch.nn.Embedding(items, 1, sparse=sparse)
        for table in (self.p, self.q):
            torch.nn.init.uniform_(table.weight, -0.05, 0.05)
        for table in (self.bu, self.bi):
            torch.nn.init.zeros_(table.weight)

    def forward(self, u, i):
        return (self.p(u) * self.q(i)).sum(1) + self.bu(u).squeeze(1) + self.bi(i).squeeze(1) + mean


def train(name, sparse, compiled):
    torch.manual_seed(1)
    model = Model(sparse).to(device)
    call = torch.compile(model) if compiled else model
    optimizer = (torch.optim.SparseAdam if sparse else torch.optim.Adam)(list(model.parameters()), lr=1e-3)
    times = []
    for epoch in range(EPOCHS + 1):
        torch.cuda.synchronize()
        start = time.perf_counter()
        order = torch.randperm(ratings, device=device, generator=generator)
        total = torch.zeros((), device=device)
        for first in range(0, ratings, batch_size):
            batch = order[first : first + batch_size]
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.mse_loss(call(user[batch], item[batch]), value[batch])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(batch)
        rmse = (total.item() / ratings) ** 0.5
        times.append((time.perf_counter() - start) * 1e3)
        if time.monotonic() - start_of_all > seconds and epoch > 0:
            break
    print(
        json.dumps(
            {
                "by": "PyTorch " + torch.__version__ + (", compiled" if compiled else ""),
                "optimizer": name,
                "batch_size": batch_size,
                "milliseconds": statistics.median(times[1:]),
                "rmse": rmse,
            }
        ),
        flush=True,
    )


for name, sparse, compiled in (
    ("SparseAdam", True, False),
    ("Adam", False, False),
    ("Adam", False, True),
    ("SparseAdam", True, True),
):
    what = name + (", compiled" if compiled else "")
    if time.monotonic() - start_of_all > seconds:
        print(json.dumps({"left_out": what + ": no time left"}), flush=True)
        continue
    try:
        train(name, sparse, compiled)
    except Exception as failure:  # torch.compile needs a C compiler, and does not know sparse gradients everywhere
        reason = (str(failure).splitlines() or [""])[0]
        print(json.dumps({"left_out": what + ": " + type(failure).__name__ + ": " + reason}), flush=True)
