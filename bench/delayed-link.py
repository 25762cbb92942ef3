"""A link between two network namespaces that holds each packet for some milliseconds, where the kernel has no netem.

    delayed-link.py DELAY_MS NAMESPACE ADDRESS NAMESPACE ADDRESS

Makes a TUN device gan0 in both, prints "ready", and passes packets on until it is ended. As root, on Linux.
"""
import collections, fcntl, os, select, struct, subprocess, sys, time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
MTU = 60000  # few packets: this is a program, not a kernel

def end(name, namespace, address):
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    run = lambda *command: subprocess.run(["ip", *command], check=True)
    run("link", "set", name, "netns", namespace, "name", "gan0")
    run("-n", namespace, "addr", "add", address + "/24", "dev", "gan0")
    run("-n", namespace, "link", "set", "gan0", "mtu", str(MTU), "up")
    os.set_blocking(device, False)
    return device

delay = float(sys.argv[1]) / 1000
ends = [end("gan-link-" + str(i), *sys.argv[2 + 2 * i : 4 + 2 * i]) for i in range(2)]
held = [collections.deque(), collections.deque()]  # what goes to that end: when, packet
print("ready", flush=True)
while True:
    due = min((queue[0][0] for queue in held if queue), default=None)
    wait = None if due is None else max(0, due - time.monotonic())
    for device in select.select(ends, [], [], wait)[0]:
        other = 1 - ends.index(device)
        try:
            while True:
                held[other].append((time.monotonic() + delay, os.read(device, 65536)))
        except BlockingIOError:
            pass
    for device, queue in zip(ends, held):
        while queue and queue[0][0] <= time.monotonic():
            try:
                os.write(device, queue.popleft()[1])
            except OSError:
                pass  # a packet is lost; TCP sends it again
