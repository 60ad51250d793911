"""The training of gpu-check in PyTorch: y = p.q + b_u + b_i + mean, mean squared error, mini-batches.

Prints a line of JSON for each case: its number, the median time of an epoch, and the RMSE of the last one. Ratings lie on the device, an
epoch puts them into its order there at once, and nothing comes back before its end: what a careful user of PyTorch writes.

usage: torch_peer.py '{"seconds": S, "cases": [CASE, ...]}', where CASE is
{"optimizer": "Adam" or "SparseAdam", "compiled": true or false, "factors": K, "batchSize": B, "shape": {"ratings": N, "users": U, "items": I}}
"""

import json
import math
import statistics
import sys
import time

import torch

EPOCHS = 5  # after one that is not counted
SHIFT = 150.0  # of skewed_ratings.cu, whose ratings these are like

arguments = json.loads(sys.argv[1])
seconds = arguments["seconds"]
device = "cuda"
start_of_all = time.monotonic()

generator = torch.Generator(device=device).manual_seed(1)


class Ratings:
    def __init__(self, shape):
        self.shape = shape
        self.count, self.users, self.items = shape["ratings"], shape["users"], shape["items"]
        self.user = torch.randint(self.users, (self.count,), device=device, generator=generator)
        v = 1 - torch.rand(self.count, device=device, generator=generator) * (1 - math.sqrt(SHIFT / (self.items + SHIFT)))
        self.item = (SHIFT / (v * v) - SHIFT).long().clamp_(0, self.items - 1)
        self.value = 1.0 + self.item % 4 + torch.randint(2, (self.count,), device=device, generator=generator)
        self.mean = self.value.mean()


class Model(torch.nn.Module):
    def __init__(self, data, factors, sparse):
        super().__init__()
        self.p = torch.nn.Embedding(data.users, factors, sparse=sparse)
        self.q = torch.nn.Embedding(data.items, factors, sparse=sparse)
        self.bu = torch.nn.Embedding(data.users, 1, sparse=sparse)
        self.bi = torch.nn.Embedding(data.items, 1, sparse=sparse)
        self.register_buffer("mean", data.mean)
        for table in (self.p, self.q):
            torch.nn.init.uniform_(table.weight, -0.05, 0.05)
        for table in (self.bu, self.bi):
            torch.nn.init.zeros_(table.weight)

    def forward(self, u, i):
        return (self.p(u) * self.q(i)).sum(1) + self.bu(u).squeeze(1) + self.bi(i).squeeze(1) + self.mean


def train(number, data, name, compiled, factors, batch_size):
    torch.manual_seed(1)
    sparse = name == "SparseAdam"
    model = Model(data, factors, sparse).to(device)
    call = torch.compile(model) if compiled else model
    parameters = list(model.parameters())
    optimizer = torch.optim.SparseAdam(parameters, lr=1e-3) if sparse else torch.optim.Adam(parameters, lr=1e-3, fused=True)
    times = []
    for epoch in range(EPOCHS + 1):
        torch.cuda.synchronize()
        start = time.perf_counter()
        order = torch.randperm(data.count, device=device, generator=generator)
        user, item, value = data.user[order], data.item[order], data.value[order]
        total = torch.zeros((), device=device)
        for u, i, y in zip(user.split(batch_size), item.split(batch_size), value.split(batch_size)):
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.mse_loss(call(u, i), y)
            loss.backward()
            optimizer.step()
            total.add_(loss.detach(), alpha=len(y))
        rmse = (total.item() / data.count) ** 0.5
        times.append((time.perf_counter() - start) * 1e3)
        if time.monotonic() - start_of_all > seconds and epoch > 0:
            break
    print(
        json.dumps(
            {
                "case": number,
                "by": "PyTorch " + torch.__version__ + (", compiled" if compiled else ""),
                "milliseconds": statistics.median(times[1:]),
                "rmse": rmse,
            }
        ),
        flush=True,
    )


data = None
for number, case in enumerate(arguments["cases"]):
    name, compiled, factors, batch_size, shape = (case[key] for key in ("optimizer", "compiled", "factors", "batchSize", "shape"))
    what = name + (", compiled" if compiled else "") + f", k = {factors}, batches of {batch_size:,} of {shape['ratings']:,} ratings"
    if time.monotonic() - start_of_all > seconds:
        print(json.dumps({"left_out": what + ": no time left"}), flush=True)
        continue
    try:
        if data is None or data.shape != shape:
            data = Ratings(shape)
        train(number, data, name, compiled, factors, batch_size)
    except Exception as failure:  # torch.compile needs a C compiler, and does not know sparse gradients everywhere
        reason = (str(failure).splitlines() or [""])[0]
        print(json.dumps({"left_out": what + ": " + type(failure).__name__ + ": " + reason}), flush=True)
