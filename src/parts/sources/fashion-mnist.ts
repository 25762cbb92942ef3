import type {Gan} from '../../plugin/index.js';

const debian = '/usr/share/datasets/fashion-mnist';

/** Of Fashion-MNIST; its files have numbers (https://github.com/zalandoresearch/fashion-mnist#labels). */
const clothes = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

export default ({source, data, opt, GanError}: Gan) =>
  source({
    name: 'fashion-mnist',
    summary: 'Fashion-MNIST from a Debian package: clothes in grey, 28x28, ten classes.',
    options: {
      split: opt.oneOf(['train', 'test'], 'train', {help: 'the 60,000 training images or the 10,000 test images'}),
      count: opt.int(undefined, {min: 1, help: 'use only so many images, the first ones; none: all'}),
      stacked: opt.bool(false, {help: 'three random images as the channels of one: 1,000 modes'}),
      seed: opt.int(0, {min: 0, help: 'decides which images are stacked'}),
      dir: opt.str(debian, {
        help: "folder of the four IDX files, with MNIST's names; they may be those of another set",
      }),
    },
    defaults: ({stacked}) => ({size: 32, channels: stacked ? 3 : 1, resize: 'pad'}),
    create:
      ({split, count, stacked, seed, dir}) =>
      async ({height, width, channels, resize, decoding}) => {
        const stem = `${dir}/${split === 'train' ? 'train' : 't10k'}`;
        try {
          const set = await data.readIdxSet({
            images: `${stem}-images-idx3-ubyte.gz`,
            labels: `${stem}-labels-idx1-ubyte.gz`,
          });
          return data.idxSource(set, {
            size: [height, width],
            channels: channels as 1 | 2 | 3 | 4,
            resize,
            ...(decoding !== undefined && {decoding}),
            ...(count !== undefined && {items: count}),
            stacked,
            seed,
            ...(dir === debian && {classNames: clothes}),
          });
        } catch (error) {
          if ((error as {code?: unknown}).code !== 'GAN_DATA_NOT_FOUND' || dir !== debian) throw error;
          throw new GanError('data', 'GAN_DATA_NOT_FOUND', `Fashion-MNIST is not installed: ${debian} is missing`, {
            suggestions: [
              'apt install dataset-fashion-mnist',
              'gan fit builtin:fashion-mnist --set source.dir=FOLDER   where the four files are elsewhere',
            ],
            cause: error,
          });
        }
      },
  });
