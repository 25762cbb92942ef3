"""Writes sets of pictures with Python's own modules, sound ones and hostile ones; prints what the sound ones hold."""
import gzip, hashlib, io, json, os, random, struct, sys, tarfile, zipfile, zlib
import numpy as np

out = sys.argv[1]
rng = np.random.default_rng(7)


def png(pixels):
    height, width, channels = pixels.shape
    rows = b''.join(b'\0' + pixels[y].tobytes() for y in range(height))
    chunk = lambda kind, data: struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    header = struct.pack('>IIBBBBB', width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')


def at(*parts):
    path = os.path.join(out, *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def write(name, data):
    with open(at(name), 'wb') as file:
        file.write(data)


sha = lambda data: hashlib.sha256(bytes(data)).hexdigest()
pictures = [png(rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)) for _ in range(12)]
sound = {}


def expect(name, records, classes=None):
    """records: name, content, label"""
    sound[name] = {'records': [[n, sha(c), l] for n, c, l in records], 'classes': classes}


# folders, and the same in archives
tree = [(f'{"cats" if i % 3 else "dogs"}/{i:02}.png', c) for i, c in enumerate(pictures)]
for name, content in tree:
    write('photos/' + name, content)
write('photos/.hidden.png', b'no')
write('photos/readme.txt', b'text')
as_tree = sorted((n, c, n.split('/')[0]) for n, c in tree)
expect('photos', as_tree, ['cats', 'dogs'])
for name, method in (('stored.zip', zipfile.ZIP_STORED), ('deflated.zip', zipfile.ZIP_DEFLATED)):
    with zipfile.ZipFile(at(name), 'w', method) as archive:
        order = list(tree)
        random.Random(1).shuffle(order)
        for n, content in order:
            archive.writestr('photos/' + n, content)
        archive.writestr('photos/readme.txt', 'text')
        archive.writestr('__MACOSX/photos/._00.png', 'no')
    expect(name, as_tree, ['cats', 'dogs'])
with zipfile.ZipFile(at('streamed.zip'), 'w', zipfile.ZIP_DEFLATED) as archive:  # sizes after the content, zip64
    for n, content in tree:
        with archive.open(zipfile.ZipInfo('photos/' + n), 'w', force_zip64=True) as member:
            member.write(content)
expect('streamed.zip', as_tree, ['cats', 'dogs'])
with zipfile.ZipFile(at('linked.zip'), 'w') as archive:
    archive.writestr('a.png', pictures[0])
    link = zipfile.ZipInfo('passwd.png')
    link.create_system, link.external_attr = 3, 0o120777 << 16
    archive.writestr(link, '/etc/passwd')
expect('linked.zip', [('a.png', pictures[0], None)])
with zipfile.ZipFile(at('stylegan.zip'), 'w') as archive:
    listed = [(f'{i // 8:05}/img{i:08}.png', c, i % 4) for i, c in enumerate(pictures)]
    for n, content, _ in listed:
        archive.writestr(n, content)
    archive.writestr('dataset.json', json.dumps({'labels': [[n, l] for n, _, l in listed]}))
expect('stylegan.zip', [(n, c, str(l)) for n, c, l in listed], ['0', '1', '2', '3'])
for name, form in (('ustar.tar', tarfile.USTAR_FORMAT), ('gnu.tar', tarfile.GNU_FORMAT), ('pax.tar', tarfile.PAX_FORMAT)):
    long = ('' if form == tarfile.USTAR_FORMAT else 'a' * 150) + 'b' * 90
    with tarfile.open(at(name), 'w', format=form) as archive:
        def add(n, content, **facts):
            info = tarfile.TarInfo(n)
            info.size = len(content)
            for key, value in facts.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
        add('photos', b'', type=tarfile.DIRTYPE)
        for n, content in tree:
            add('photos/' + n, content)
        add(f'photos/dogs/{long}.png', pictures[3])
        add('photos/dogs/same.png', b'', type=tarfile.LNKTYPE, linkname='photos/' + tree[0][0])
        add('photos/dogs/passwd.png', b'', type=tarfile.SYMTYPE, linkname='/etc/passwd')
        add('photos/dogs/zero.png', b'', type=tarfile.CHRTYPE)
        add('photos/über.txt', b'text')
    more = [(f'dogs/{long}.png', pictures[3], 'dogs'), ('dogs/same.png', tree[0][1], 'dogs')]
    expect(name, sorted(as_tree + more), ['cats', 'dogs'])
for shard in range(3):
    with tarfile.open(at('shards', f'train-{shard:04}.tar'), 'w') as archive:
        for i in range(4):
            key = f'{shard:03}/{i:06}'
            for ending, content in (('png', pictures[4 * shard + i]), ('cls', str((shard + i) % 5).encode()), ('txt', b'a caption')):
                info = tarfile.TarInfo(f'{key}.{ending}')
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
write('shards/val-0000.tar', open(at('shards', 'train-0000.tar'), 'rb').read())
expect('shards', [(f'train-{s:04}.tar/{i:06}.png', pictures[4 * s + i], str((s + i) % 5)) for s in range(3) for i in range(4)],
       [str(i) for i in range(5)])
with tarfile.open(at('json.tar'), 'w') as archive:
    for i in range(3):
        for ending, content in (('json', json.dumps({'label': ['ant', 'bee', 'ant'][i]}).encode()), ('png', pictures[i])):
            info = tarfile.TarInfo(f'./{i}.{ending}')
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
expect('json.tar', [(f'{i}.png', pictures[i], ['ant', 'bee', 'ant'][i]) for i in range(3)], ['ant', 'bee'])
with tarfile.open(at('views.tar'), 'w') as archive:  # several pictures of one sample
    views = [('1.left.png', pictures[0]), ('1.cls', b'3'), ('1.right.png', pictures[1]), ('2.left.png', pictures[2]), ('2.cls', b'1')]
    for n, content in views:
        info = tarfile.TarInfo(n)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
expect('views.tar', [('1.left.png', pictures[0], '3'), ('1.right.png', pictures[1], '3'), ('2.left.png', pictures[2], '1')],
       [str(i) for i in range(4)])

# arrays
images = rng.integers(0, 256, (9, 4, 5, 3), dtype=np.uint8)
grey = rng.integers(0, 256, (9, 4, 5), dtype=np.uint8)
y = rng.integers(0, 3, 9)
as_array = lambda a, labels=None: [(str(i), a[i].tobytes(), None if labels is None else str(labels[i])) for i in range(len(a))]
three = [str(i) for i in range(max(y) + 1)]
np.save(at('nhwc.npy'), images); expect('nhwc.npy', as_array(images))
np.save(at('nchw.npy'), np.ascontiguousarray(images.transpose(0, 3, 1, 2))); expect('nchw.npy', as_array(images))
np.save(at('grey-images.npy'), grey); np.save(at('grey-labels.npy'), y.astype('>i4')); expect('grey-images.npy', as_array(grey, y), three)
np.savez(at('set.npz'), images=images, labels=y); expect('set.npz', as_array(images, y), three)
np.savez_compressed(at('keras.npz'), x_test=images[:4], y_test=y[:4], x_train=grey, y_train=y.astype(np.uint8))
expect('keras.npz', as_array(grey, y), three)
deep = rng.integers(0, 65536, (9, 4, 5, 3), dtype=np.uint16)
np.save(at('deep.npy'), deep.astype('>u2')); expect('deep.npy', as_array(deep.astype('<u2')))
np.savez_compressed(at('deep.npz'), images=np.ascontiguousarray(deep.transpose(0, 3, 1, 2)), labels=y)
expect('deep.npz', as_array(deep.astype('<u2'), y), three)
np.save(at('bits.npy'), grey > 127); expect('bits.npy', as_array((grey > 127) * np.uint8(255)))
np.save(at('more', 'dark.npy'), deep >> 4)
names = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']
cifar = rng.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
cifar_y = rng.integers(0, 10, 6)
for part in range(2):
    write(f'cifar/data_batch_{part + 1}.bin', b''.join(bytes([cifar_y[i]]) + cifar[i].tobytes() for i in range(3 * part, 3 * part + 3)))
write('cifar/test_batch.bin', bytes([1]) + bytes(3072))
write('cifar/batches.meta.txt', '\n'.join(names + ['']).encode())
expect('cifar', [(f'data_batch_{i // 3 + 1}.bin/{i % 3}', cifar[i].transpose(1, 2, 0).tobytes(), names[cifar_y[i]]) for i in range(6)], names)
write('cifar100.bin', b''.join(bytes([i, 90 + i]) + cifar[i].tobytes() for i in range(6)))
expect('cifar100.bin', [(str(i), cifar[i].transpose(1, 2, 0).tobytes(), str(90 + i)) for i in range(6)], [str(i) for i in range(100)])
idx = lambda shape, data: bytes([0, 0, 8, len(shape)]) + struct.pack(f'>{len(shape)}I', *shape) + bytes(data)
write('mnist/train-images-idx3-ubyte.gz', gzip.compress(idx(grey.shape, grey.tobytes())))
write('mnist/train-labels-idx1-ubyte.gz', gzip.compress(idx([9], y.astype(np.uint8).tobytes())))
expect('mnist', as_array(grey, y), three)

# lists
rows = [(n, c, 'quoted, "class"' if i % 2 else 'b') for i, (n, c) in enumerate(tree)]
import csv
with open(at('list.csv'), 'w', newline='') as file:
    writer = csv.writer(file)
    writer.writerow(['id', 'path', 'label'])
    for i, (n, _, label) in enumerate(rows):
        writer.writerow([i, 'photos/' + n, label])
expect('list.csv', [('photos/' + n, c, l) for n, c, l in rows], ['b', 'quoted, "class"'])
write('plain.csv', ''.join(f'photos/{n};{i}\r\n' for i, (n, _) in enumerate(tree[:3])).encode('utf-8-sig'))
expect('plain.csv', [('photos/' + n, c, str(i)) for i, (n, c) in enumerate(tree[:3])], ['0', '1', '2'])
write('list.jsonl', '\n'.join(json.dumps({'file_name': 'photos/' + n}) for n, _ in tree).encode())
expect('list.jsonl', [('photos/' + n, c, None) for n, c in tree])
write('list.json', json.dumps({'labels': {'photos/' + n: i % 2 for i, (n, _) in enumerate(tree)}}).encode())
expect('list.json', [('photos/' + n, c, str(i % 2)) for i, (n, c) in enumerate(tree)], ['0', '1'])

# hostile ones
def zipped(*members, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', method) as archive:
        for n, content in members:
            archive.writestr(n, content)
    return bytearray(file.getvalue())

def tarred(*members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode='w', format=tarfile.GNU_FORMAT) as archive:
        for n, content in members:
            info = tarfile.TarInfo(n)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return bytearray(file.getvalue())

def tar_header(name, size_field, kind=b'0'):
    header = bytearray(512)
    header[:len(name)] = name
    header[100:108], header[124:136], header[156:157], header[257:265] = b'0000644\0', size_field, kind, b'ustar  \0'
    header[148:156] = b' ' * 8
    header[148:156] = b'%06o\0 ' % sum(header)
    return bytes(header)

two = zipped(('a.png', pictures[0]), ('b.png', pictures[1]))
write('bad/slip.zip', zipped(('../evil.png', pictures[0])))
write('bad/root.zip', zipped(('/etc/evil.png', pictures[0])))
write('bad/windows.zip', zipped(('..\\evil.png', pictures[0])))
write('bad/cut.zip', two[:-40])
write('bad/middle.zip', two[:50] + two[120:])
write('bad/noise.zip', b'PK\x03\x04' + rng.bytes(3000))
one = zipped(('a.png', pictures[0]))
where = one.index(b'PK\x01\x02')
entry, end = one[where:one.index(b'PK\x05\x06')], bytearray(one[one.index(b'PK\x05\x06'):])
twin = entry.replace(b'a.png', b'b.png')
end[8:12], end[12:16] = struct.pack('<HH', 2, 2), struct.pack('<I', 2 * len(entry))
write('bad/overlap.zip', one[:where] + entry + twin + end)
write('bad/empty.zip', zipped())
write('bad/text.zip', zipped(('a.txt', b'text'), ('b.txt', b'text')))
write('bad/slip.tar', tarred(('../evil.png', pictures[0])))
write('bad/root.tar', tarred(('/etc/evil.png', pictures[0])))
whole = tarred(('a.png', pictures[0]), ('b.png', pictures[1]))
write('bad/cut.tar', whole[:600])
write('bad/unmarked.tar', whole[:2048])
write('bad/noise.tar', whole[:1024] + rng.bytes(8192))
write('bad/huge.tar', tar_header(b'a.png', b'77777777777\0') + bytes(1024))
write('bad/vast.tar', tar_header(b'a.png', b'\x80' + b'\xff' * 11) + bytes(1024))
write('bad/negative.tar', tar_header(b'a.png', b'\xff' * 12) + bytes(1024))
write('bad/long-name.tar', tar_header(b'././@LongLink', b'00010000000\0', b'L') + bytes(3 << 20))
write('bad/pax.tar', tar_header(b'x', b'00000000030\0', b'x') + b'99 path=evil.png\n'.ljust(512, b'\0') + bytes(1024))
write('bad/photos.tar.gz', gzip.compress(bytes(whole)))
write('bad/text.gz', gzip.compress(b'text' * 500))
write('bad/a.7z', b"7z\xbc\xaf\x27\x1c" + bytes(60))
write('bad/text.bin', b'some text, not pictures')
write('bad/five.bin', b'hello')
np.save(at('bad/float.npy'), images.astype(np.float32) / 255)
np.save(at('bad/fortran.npy'), np.asfortranarray(images))
np.save(at('bad/objects.npy'), np.array([{1: 2}] * 3), allow_pickle=True)
npy = bytearray(open(at('nhwc.npy'), 'rb').read())
write('bad/cut.npy', npy[:-1])
write('bad/lying.npy', npy.replace(b'(9, 4, 5, 3)', b'(9, 4000000, 5, 3)'[:12].replace(b'(9, 4000000,', b'(9e9,4,5,3) ')))
write('bad/large.npy', npy.replace(b'(9, 4, 5, 3), }      ', b'(999999, 4, 5, 3), } '))
member = bytes(npy)
write('bad/lying.npz', zipped(('x.npy', member.replace(b'(9, 4, 5, 3), }      ', b'(999999, 4, 5, 3), } '))))
stored = bytearray(zipped(('x.npy', member)))
stored[stored.index(b'NUMPY') + 300] ^= 1
write('bad/crc.npz', stored)
bomb = zipped(('x.npy', member.replace(b'(9, 4, 5, 3), }       ', b'(49999997, 4, 5, 3), }')), method=zipfile.ZIP_DEFLATED)
at_directory = bomb.index(b'PK\x01\x02')
bomb[at_directory + 24:at_directory + 28] = struct.pack('<I', 128 + 49999997 * 60)
write('bad/bomb.npz', bomb)
write('bad/long.gz', gzip.compress(idx([1, 2, 2], bytes(64 << 20))))
write('bad/vast.gz', gzip.compress(idx([60000, 60000, 60000], bytes(1 << 20))))
write('bad/label.bin', b''.join(bytes([11 if i == 45 else 1]) + bytes(3072) for i in range(50)))
write('bad/quote.csv', b'file,label\n"a.png,1\n')
write('bad/columns.csv', b'width,height\n1,2\n')
write('bad/broken.json', b'{"labels": [["a.png", 1')
write('bad/other.json', b'{"labels": 3}')
# broken lists of labels beside sound pictures
listed = lambda text, method=zipfile.ZIP_STORED: zipped(('1/a.png', pictures[0]), ('2/b.png', pictures[1]), ('dataset.json', text), method=method)
wrong_list = listed(b'{"labels": [["1/a.png", 1], ["2/b.png", 0]]}')
wrong_list[wrong_list.index(b'"labels"') + 1] ^= 1
write('bad/list.zip', wrong_list)
write('bad/cut-list.zip', listed(b'{"labels": [["1/a.png", 1'))
large_list = listed(b'{"labels": []}', method=zipfile.ZIP_DEFLATED)
last = large_list.rindex(b'PK\x01\x02')
large_list[last + 24:last + 28] = struct.pack('<I', 1 << 30)
write('bad/large-list.zip', large_list)
write('bad/listed/1/a.png', pictures[0])
write('bad/listed/2/b.png', pictures[1])
write('bad/listed/metadata.jsonl', b'{"file_name": "1/a.png", "label": 3}\n{"file_name": "2/b.p')

# archives of which one picture is broken
flipped = bytearray(two)
flipped[60] ^= 1
write('broken/crc.zip', flipped)
locked = zipped(('a.png', pictures[0]), ('b.png', pictures[1]), method=zipfile.ZIP_DEFLATED)
locked[6] |= 1
locked[locked.index(b'PK\x01\x02') + 8] |= 1
write('broken/locked.zip', locked)
lying = zipped(('a.png', bytes(20 << 20)), ('b.png', pictures[1]), method=zipfile.ZIP_DEFLATED)
first = lying.index(b'PK\x01\x02')
lying[first + 24:first + 28] = struct.pack('<I', 1000)
write('broken/bomb.zip', lying)
large = bytearray(lying)
large[first + 24:first + 28] = struct.pack('<I', 1 << 30)
write('broken/large.zip', large)
packed = io.BytesIO()
with zipfile.ZipFile(packed, 'w') as archive:
    archive.writestr('a.png', pictures[0], zipfile.ZIP_BZIP2)
    archive.writestr('b.png', pictures[1])
write('broken/bzip2.zip', packed.getvalue())
write('broken/device.csv', b'file\n/dev/zero\n../photos/dogs/00.png\n')
print(json.dumps(sound))
