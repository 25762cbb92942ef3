"""The half of bench/gpu.mjs that trains with PyTorch on a GPU; prints a line of JSON.

    python3 peer.py SIZE BATCH eager|compiled|bf16 BLOCKS ROUNDS [DEVICE]

A round is five critic steps and a generator step; BLOCKS times ROUNDS of them are timed, with the device waited for around each block
only. PyTorch is given what makes it fast: channels last, TF32, cuDNN's search, and when compiled CUDA graphs (reduce-overhead). bf16
is eager with autocast.
"""
import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / 'pytorch'))
from wgan import Wgan  # noqa: E402


def main():
    size, batch, mode, blocks, rounds = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
    device = sys.argv[6] if len(sys.argv) > 6 else 'cuda'
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    work = Wgan(size, batch, device, torch.channels_last)
    if mode == 'compiled':
        work.critic = torch.compile(work.critic, mode='reduce-overhead', dynamic=False)
        work.generator = torch.compile(work.generator, mode='reduce-overhead', dynamic=False)
        work.critic_opt.step = torch.compile(work.critic_opt.step)
        work.generator_opt.step = torch.compile(work.generator_opt.step)
    cuda = device.startswith('cuda')
    autocast = torch.autocast('cuda' if cuda else 'cpu', torch.bfloat16, enabled=mode == 'bf16')
    synchronize = torch.cuda.synchronize if cuda else lambda: None

    def run():
        for step in [work.critic_step] * 5 + [work.generator_step]:
            if mode == 'compiled':
                torch.compiler.cudagraph_mark_step_begin()
            with autocast:
                step()

    for _ in range(4):  # compiles, searches, records
        run()
    synchronize()
    milliseconds = []
    for _ in range(blocks):
        start = time.perf_counter()
        for _ in range(rounds):
            run()
        synchronize()
        milliseconds.append((time.perf_counter() - start) * 1e3 / rounds)
    print(json.dumps({
        'torch': torch.__version__, 'device': torch.cuda.get_device_name() if cuda else device, 'cudnn': torch.backends.cudnn.version(),
        'roundMs': milliseconds, 'peakBytes': torch.cuda.max_memory_reserved() if cuda else 0,
    }))


if __name__ == '__main__':
    main()
