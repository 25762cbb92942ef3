"""The half of bench/pytorch.mjs that trains with PyTorch: a line with the name of a network in, a line of JSON about its step out.

    python3 peer.py WORK SIZE BATCH THREADS MEMORY_FORMAT
"""
import json
import resource
import sys
import time

import torch

from gan_critic import GanCritic
from wgan import Wgan

works = {'wgan': Wgan, 'gan-critic': GanCritic}


def main():
    name, size, batch, threads = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_num_threads(threads)
    work = works[name](size, batch, memory_format=getattr(torch, sys.argv[5]))
    print(json.dumps({'torch': torch.__version__}), flush=True)
    for line in sys.stdin:
        step = getattr(work, f'{line.strip()}_step')
        start = time.perf_counter()
        step().item()
        print(json.dumps({'ms': (time.perf_counter() - start) * 1e3, 'peakBytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


if __name__ == '__main__':
    main()
