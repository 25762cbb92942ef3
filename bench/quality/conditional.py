"""Shares of images that a classifier trained on the real Fashion-MNIST takes for the class that was asked for.

conditional.py CLASSIFIER.pt SAMPLES.bin...: each file has bytes [10, n, 32, 32], n images of each class. Prints JSON: the shares of the
real test images, and those of each file. The classifier is made where there is none (evaluate.py)."""

import gzip
import json
import sys

import numpy as np
from evaluate import Classifier

folder = '/usr/share/datasets/fashion-mnist'


def read(stem):
    images = gzip.open(f'{folder}/{stem}-images-idx3-ubyte.gz').read()[16:]
    labels = gzip.open(f'{folder}/{stem}-labels-idx1-ubyte.gz').read()[8:]
    pictures = np.frombuffer(images, np.uint8).reshape(-1, 28, 28)
    return np.pad(pictures, ((0, 0), (2, 2), (2, 2))), np.frombuffer(labels, np.uint8)


def main():
    path, *files = sys.argv[1:]
    classify = Classifier(path, 1).prepare(*read('train'))
    images, labels = read('t10k')
    found = classify(images)[1]
    shares = {'real': [float((found[labels == label] == label).mean()) for label in range(10)]}
    for file in files:
        samples = np.fromfile(file, np.uint8).reshape(10, -1, 32, 32)
        shares[file] = [float((classify(samples[label])[1] == label).mean()) for label in range(10)]
    print(json.dumps(shares))


if __name__ == '__main__':
    main()
