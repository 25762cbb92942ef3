"""fastai's own training of the WGAN of its documentation on a GPU; prints a line of JSON.

    python3 fastai.py SIZE BATCH BLOCKS ROUNDS [DEVICE]

Where fastai is not installed, the loop that GANLearner.wgan runs, in PyTorch, on the same networks; `name` says which of the two it was.
A round is five critic steps and a generator step; BLOCKS times ROUNDS of them are timed, with the device waited for around each block
only, as in peer.py. Data lie in memory. Nothing is changed about how fastai trains: no channels last; TF32 as PyTorch has it by itself.
"""
import json
import sys
import time
from functools import partial
from pathlib import Path

# beside this file, which has the name of the package
sys.path = [entry for entry in sys.path if Path(entry or '.').resolve() != Path(__file__).resolve().parent]

import torch  # noqa: E402
from torch import nn  # noqa: E402

warm_up = 4
steps_of_round = 6


class Clock:
    """Milliseconds of a round, a number for each block."""

    def __init__(self, rounds, synchronize):
        self.rounds, self.synchronize, self.steps, self.start, self.milliseconds = rounds, synchronize, 0, None, []

    def step(self):
        self.steps += 1
        done = self.steps / steps_of_round - warm_up
        if done < 0 or done % self.rounds != 0:
            return
        self.synchronize()
        now = time.perf_counter()
        if self.start is not None:
            self.milliseconds.append((now - self.start) * 1e3 / self.rounds)
        self.start = now


def by_fastai(size, batch, count, device, clock):
    from fastai.callback.core import Callback
    from fastai.data.core import DataLoaders
    from fastai.optimizer import RMSProp
    from fastai.vision.gan import GANLearner, basic_critic, basic_generator
    import fastai

    class Batches:
        """What a learner asks a loader for; the batches are on the device already."""

        n_inp = 1

        def __init__(self, length):
            self.length, self.device = length, torch.device(device)
            self.real = torch.rand(batch, 3, size, size, device=device) * 2 - 1

        def __len__(self):
            return self.length

        def __iter__(self):
            return ((torch.randn(batch, 100, device=device), self.real) for _ in range(self.length))

    class Steps(Callback):
        order = 1000

        def after_batch(self):
            clock.step()

    critic = basic_critic(size, 3, n_extra_layers=1, act_cls=partial(nn.LeakyReLU, negative_slope=0.2))
    generator = basic_generator(size, 3, n_extra_layers=1)
    dls = DataLoaders(Batches(count), Batches(0), device=torch.device(device))
    learn = GANLearner.wgan(dls, generator.to(device), critic.to(device), opt_func=RMSProp, show_img=False, cbs=[Steps()])
    with learn.no_bar(), learn.no_logging():
        learn.fit(1, 2e-4, wd=0)
    return f'fastai {fastai.__version__}'


def by_its_loop(size, batch, count, device, clock):
    """
    Weights of the critic are clamped before each step one by one, the network that is not trained is frozen, both losses are averaged on
    the host, which waits for each step, and the optimiser goes from parameter to parameter.
    """
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'pytorch'))
    from wgan import Wgan

    work = Wgan(size, batch, device)
    make = partial(torch.optim.RMSprop, lr=2e-4, alpha=0.99, eps=1e-8, foreach=False)
    work.critic_opt, work.generator_opt = make(work.critic.parameters()), make(work.generator.parameters())
    average = torch.tensor(0.0)
    for i in range(count):
        with torch.no_grad():
            for parameter in work.critic.parameters():
                parameter.clamp_(-0.01, 0.01)
        loss = work.generator_step() if i % steps_of_round == steps_of_round - 1 else work.critic_step()
        for _ in ('of the turn', 'of all'):
            average = torch.lerp(loss.detach().cpu(), average, 0.98)
        clock.step()
    return "the loop of fastai's GANLearner.wgan in PyTorch"


def main():
    size, batch, blocks, rounds = (int(arg) for arg in sys.argv[1:5])
    device = sys.argv[5] if len(sys.argv) > 5 else 'cuda'
    cuda = device.startswith('cuda')
    clock = Clock(rounds, torch.cuda.synchronize if cuda else lambda: None)
    count = (warm_up + blocks * rounds) * steps_of_round
    try:
        import fastai  # noqa: F401
    except ImportError:
        train = by_its_loop
    else:
        train = by_fastai
    name = train(size, batch, count, device, clock)
    print(json.dumps({
        'name': name, 'torch': torch.__version__, 'device': torch.cuda.get_device_name() if cuda else device,
        'roundMs': clock.milliseconds, 'peakBytes': torch.cuda.max_memory_reserved() if cuda else 0,
    }))


if __name__ == '__main__':
    main()
