"""Writes LMDB databases as LSUN has them, good and bad ones, into a folder, and prints what the good ones hold."""
import hashlib
import json
import os
import random
import shutil
import struct
import sys

import lmdb

out = sys.argv[1]
random.seed(5)
PAGE = 4096
expected = {}


def picture(size):
    """What begins as a WebP file; nothing decodes it."""
    return b"RIFF" + struct.pack("<I", size) + b"WEBPVP8 " + random.randbytes(size)


def write(name, pairs, **options):
    env = lmdb.open(f"{out}/{name}", map_size=1 << 26, sync=False, **options)
    for start in range(0, len(pairs), 50):  # several transactions, so that pages are written anew
        with env.begin(write=True) as transaction:
            for key, value in pairs[start : start + 50]:
                transaction.put(key, value)
    env.close()


def note(name, pairs):
    expected[name] = [[key, hashlib.sha256(value).hexdigest()] for key, value in pairs]


# LSUN: keys of 40 hexadecimal digits, values on pages of their own
lsun = [(random.randbytes(20).hex().encode(), picture(random.choice([100, 3000, 9000]))) for _ in range(300)]
write("bedroom_train_lmdb", lsun)
note("bedroom_train_lmdb", sorted((key.decode(), value) for key, value in lsun))
expected["bedroom_train_lmdb/data.mdb"] = expected["bedroom_train_lmdb"]
# one picture, and keys that count
few = [(b"image-%09d" % i, picture(50)) for i in range(3)]
write("few.mdb", few + [(b"num-samples", b"3"), (b"__len__", b"3")], subdir=False)
note("few.mdb", [(key.decode(), value) for key, value in few])
# pairs that were taken out again
env = lmdb.open(f"{out}/holes.mdb", subdir=False, map_size=1 << 26, sync=False)
many = [(b"%05d" % i, picture(700)) for i in range(200)]
with env.begin(write=True) as transaction:
    for key, value in many:
        transaction.put(key, value)
with env.begin(write=True) as transaction:
    for key, _ in many[:150]:
        transaction.delete(key)
env.close()
note("holes.mdb", [(key.decode(), value) for key, value in many[150:]])
# binary keys
numbered = [(struct.pack(">I", i), picture(40)) for i in range(2)]
write("binary.mdb", numbered, subdir=False)
note("binary.mdb", [(key.hex(), value) for key, value in numbered])

os.makedirs(f"{out}/bad")


def bad(name, change, of="holes.mdb"):
    with open(f"{out}/{of}", "rb") as file:
        data = bytearray(file.read())
    with open(f"{out}/bad/{name}", "wb") as file:
        file.write(change(data) or data)


def newest(data):
    """Where the newer of the two first pages is."""
    one, two = (struct.unpack_from("<Q", data, at + 144)[0] for at in (0, PAGE))
    return 0 if one >= two else PAGE


def root(data):
    return struct.unpack_from("<Q", data, newest(data) + 128)[0]


def put(form, at, value):
    def change(data):
        struct.pack_into(form, data, at(data), value)

    return change


bad("cut.mdb", lambda data: data[: 3 * PAGE])
bad("root.mdb", put("<Q", lambda data: newest(data) + 128, 1 << 40))


def loop(data):
    page = root(data) * PAGE
    struct.pack_into("<I", data, page + struct.unpack_from("<H", data, page + 16)[0], root(data))


bad("loop.mdb", loop)
bad("entries.mdb", put("<Q", lambda data: newest(data) + 120, 1 << 50))
bad("page-size.mdb", put("<I", lambda data: newest(data) + 40, 3000))


def twice(offset, value):
    def change(data):
        for page in (0, PAGE):
            struct.pack_into("<I", data, page + offset, value)

    return change


bad("both-sizes.mdb", twice(40, 1 << 31))
bad("version.mdb", twice(20, 2))
bad("pointers.mdb", put("<H", lambda data: root(data) * PAGE + 12, 65535))
bad("node.mdb", put("<H", lambda data: root(data) * PAGE + 16, 4095))


def value_beyond(data):
    page = root(data)
    at = page * PAGE + struct.unpack_from("<H", data, page * PAGE + 16)[0]
    key = struct.unpack_from("<H", data, at + 6)[0]
    struct.pack_into("<I", data, at, 0xFFFFFFF0)
    struct.pack_into("<H", data, at + 4, 1)
    struct.pack_into("<Q", data, at + 8 + key, 2)


bad("value.mdb", value_beyond, of="few.mdb")


def shared(data):
    """All nodes of a page in one place: their keys together would be larger than the file."""
    page = root(data) * PAGE
    at, upper = struct.unpack_from("<H", data, page + 16)[0], struct.unpack_from("<H", data, page + 14)[0]
    count = (upper - 16) // 2
    struct.pack_into(f"<{count}H", data, page + 16, *[at] * count)
    struct.pack_into("<H", data, page + 12, 16 + 2 * count)
    struct.pack_into("<Q", data, newest(data) + 120, count)


bad("shared.mdb", shared, of="few.mdb")
env = lmdb.open(f"{out}/bad/several.mdb", subdir=False, max_dbs=1, map_size=1 << 24, sync=False)
db = env.open_db(b"train")
with env.begin(write=True) as transaction:
    transaction.put(b"1", picture(40), db=db)
env.close()
env = lmdb.open(f"{out}/bad/arrays.mdb", subdir=False, map_size=1 << 24, sync=False)
with env.begin(write=True) as transaction:
    transaction.put(b"1", b"\x08\x03\x10\x20" + bytes(200))
env.close()
env = lmdb.open(f"{out}/bad/empty.mdb", subdir=False, map_size=1 << 24, sync=False)
env.close()
for folder in (out, f"{out}/bad"):
    for name in os.listdir(folder):
        if name.endswith("-lock"):
            os.remove(f"{folder}/{name}")
print(json.dumps(expected))
