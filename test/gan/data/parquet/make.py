"""Writes the Parquet files of this folder by pyarrow, and what they hold to expected.json. Needs pyarrow and Pillow.

    python3 make.py FOLDER

The layout is that of the hub of Hugging Face (https://huggingface.co/docs/hub/datasets-image): `image` is a struct of
bytes and path, the names of the labels are in the metadata.
"""
import hashlib
import io
import json
import os
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

out = sys.argv[1]
random.seed(7)
classes = ["airplane", "bird", "cat"]


def png(side=6):
    data = bytes(random.randrange(256) for _ in range(side * side * 3))
    stream = io.BytesIO()
    Image.frombytes("RGB", (side, side), data).save(stream, "PNG")
    return stream.getvalue()


features = {
    "image": {"_type": "Image"},
    "label": {"names": classes, "_type": "ClassLabel"},
}
image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
schema = pa.schema(
    [("id", pa.int64()), ("image", image), ("label", pa.int64())],
    metadata={"huggingface": json.dumps({"info": {"features": features}})},
)
expected = {}


def note(name, pictures, labels):
    expected[name] = [
        [None if p is None else hashlib.sha256(p).hexdigest(), label] for p, label in zip(pictures, labels)
    ]


def hub(count):
    pictures = [png() for _ in range(count)]
    labels = [i % 3 for i in range(count)]
    table = pa.table(
        {
            "id": list(range(count)),
            "image": [{"bytes": p, "path": f"{i}.png"} for i, p in enumerate(pictures)],
            "label": labels,
        },
        schema=schema,
    )
    return table, pictures, [classes[label] for label in labels]


# three shards of a split, and one of another
os.makedirs(f"{out}/hub/data", exist_ok=True)
together = ([], [])
for shard in range(3):
    table, pictures, labels = hub(5)
    pq.write_table(table, f"{out}/hub/data/train-{shard:05}-of-00003.parquet", row_group_size=2)
    together[0].extend(pictures)
    together[1].extend(labels)
note("hub", *together)
pq.write_table(hub(1)[0], f"{out}/hub/data/test-00000-of-00001.parquet")

# codecs, versions of pages, checksums, dictionaries, sizes of pages
for name, options in {
    "none": {"compression": "NONE", "use_dictionary": False},
    "zstd-v2": {"compression": "ZSTD", "data_page_version": "2.0", "write_page_checksum": True},
    "gzip": {"compression": "GZIP", "data_page_size": 200, "write_batch_size": 2},
    "brotli": {"compression": "BROTLI", "use_dictionary": False},
    "lz4": {"compression": "LZ4"},
    "index": {"compression": "SNAPPY", "write_page_index": True, "write_page_checksum": True},
}.items():
    table, pictures, labels = hub(7)
    pq.write_table(table, f"{out}/{name}.parquet", row_group_size=4, **options)
    note(f"{name}.parquet", pictures, labels)

# plain columns, labels as words, some missing
pictures = [png(), None, png(), png()]
words = ["moth", "ant", None, "moth"]
table = pa.table({"img": pa.array(pictures, pa.binary()), "category": pa.array(words)})
pq.write_table(table, f"{out}/words.parquet")
note("words.parquet", pictures, words)

# no pictures
pq.write_table(pa.table({"text": ["a", "b"], "label": [0, 1]}), f"{out}/text.parquet")
# values that are written as differences
pq.write_table(
    pa.table({"image": pa.array([png()], pa.binary())}),
    f"{out}/delta.parquet",
    use_dictionary=False,
    column_encoding={"image": "DELTA_LENGTH_BYTE_ARRAY"},
)
# bytes that repeat: they take a thousandth of their room
pq.write_table(pa.table({"image": pa.array([bytes(1 << 20)], pa.binary())}), f"{out}/zeros.parquet", compression="ZSTD")

with open(f"{out}/expected.json", "w") as file:
    json.dump(expected, file, indent=1)
