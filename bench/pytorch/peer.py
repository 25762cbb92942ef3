"""The half of bench/pytorch.mjs that trains with PyTorch: a line with the name of a network in, a line of JSON about its step out.

    python3 peer.py '{"work": WORK, "size": SIZE, "batch": BATCH, "threads": N, "memoryFormat": FORMAT, "compiled": BOOL, "precision": PRECISION}'
"""
import json
import resource
import sys
import time

import torch

from gan_critic import GanCritic
from resnet import Resnet
from wgan import Wgan

works = {'wgan': Wgan, 'gan-critic': GanCritic, 'resnet': Resnet}


def main():
    wanted = json.loads(sys.argv[1])
    torch.set_num_threads(wanted['threads'])
    make = works[wanted['work']]
    work = make(wanted['size'], wanted['batch'], memory_format=getattr(torch, wanted['memoryFormat']), compiled=wanted['compiled'])
    autocast = torch.autocast('cpu', torch.bfloat16, enabled=wanted['precision'] == 'bf16')
    print(json.dumps({'torch': torch.__version__}), flush=True)
    for line in sys.stdin:
        step = getattr(work, f'{line.strip()}_step')
        start, processor = time.perf_counter(), time.process_time()
        with autocast:
            loss = step()
        loss.item()
        clocks = {'ms': (time.perf_counter() - start) * 1e3, 'processorMs': (time.process_time() - processor) * 1e3}
        print(json.dumps({**clocks, 'peakBytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


if __name__ == '__main__':
    main()
