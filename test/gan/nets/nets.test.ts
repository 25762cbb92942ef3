import {expect} from 'chai';
import {basicCritic, basicGenerator, ganCritic, GANModule, LeakyReLU, tf, type Module} from 'gankit';
import {withDevice} from '../../device.js';
import {ganError, random, valuesOf} from '../helpers.js';

const shapes = async (net: Module): Promise<string[]> =>
  [...(await net.stateDict())].map(([name, {shape}]) => `${name} [${shape.join()}]`);
const norm = (at: string, c: number): string[] => [
  `${at}.weight [${c}]`,
  `${at}.bias [${c}]`,
  `${at}.running_mean [${c}]`,
  `${at}.running_var [${c}]`,
  `${at}.num_batches_tracked []`,
];
const spectral = (at: string, weight: number[], columns: number, bias = true): string[] => [
  ...(bias ? [`${at}.bias [${weight[0]!}]`] : []),
  `${at}.weight_orig [${weight.join()}]`,
  `${at}.weight_u [${weight[0]!}]`,
  `${at}.weight_v [${columns}]`,
];

describe('basicCritic', () => {
  withDevice();

  it('(64, 3) has the layers and the 2 765 633 parameters of fastai', async () => {
    const net = basicCritic(64, 3);
    expect(net.parameterCount()).to.equal(2_765_633);
    expect(await shapes(net)).to.deep.equal([
      '0.0.weight [64,3,4,4]',
      '0.0.bias [64]',
      '1.0.weight [128,64,4,4]',
      ...norm('1.1', 128),
      '2.0.weight [256,128,4,4]',
      ...norm('2.1', 256),
      '3.0.weight [512,256,4,4]',
      ...norm('3.1', 512),
      '4.weight [1,512,4,4]',
      '4.bias [1]',
    ]);
  });

  it('with an extra layer has 2 802 625, the new one at index 1', async () => {
    const net = basicCritic(64, 3, {nExtraLayers: 1, actCls: () => new LeakyReLU(0.2)});
    expect(net.parameterCount()).to.equal(2_802_625);
    expect((await shapes(net)).slice(2, 9)).to.deep.equal([
      '1.0.weight [64,64,3,3]',
      ...norm('1.1', 64),
      '2.0.weight [128,64,4,4]',
    ]);
  });

  it('never normalises its first layer, and uses ReLU unless told otherwise', () => {
    const kinds = (net: Module): string[] =>
      net
        .namedModules()
        .map(([name, module]) => `${name} ${module.kind}`)
        .filter((line) => /^\d\.\d/.test(line));
    expect(kinds(basicCritic(8, 1, {nFeatures: 2, nExtraLayers: 1}))).to.deep.equal([
      '0.0 Conv2d',
      '0.1 ReLU',
      '1.0 Conv2d',
      '1.1 BatchNorm',
      '1.2 ReLU',
    ]);
    expect(
      kinds(basicCritic(8, 1, {nFeatures: 2, nExtraLayers: 1, normType: 'Instance', actCls: () => new LeakyReLU()})),
    ).to.deep.equal(['0.0 Conv2d', '0.1 LeakyReLU', '1.0 Conv2d', '1.1 InstanceNorm', '1.2 LeakyReLU']);
  });

  it('starts its last convolution with the function given', () => {
    const net = basicCritic(8, 1, {nFeatures: 2, init: (_, {size}) => new Float32Array(size).fill(0.5)});
    expect(valuesOf(net.parameters()[2]!.variable)).to.deep.equal(new Array(32).fill(0.5));
    expect(valuesOf(net.parameters()[3]!.variable)).to.deep.equal([0]);
  });

  for (const side of [8, 16, 32]) {
    it(`gives one score for an image of side ${side}`, () => {
      expect(basicCritic(side, 2, {nFeatures: 2}).forward(random([3, side, side, 2], 1)).shape).to.deep.equal([3, 1]);
    });
  }

  it('refuses an image of another side than it was made for, naming the layer', async () => {
    const error = await ganError(() => basicCritic(16, 3, {nFeatures: 2}).forward(tf.zeros([1, 8, 8, 3])));
    expect(error.message).to.equal(
      'Conv2d(4, 1, 4) (at 2): got a tensor of shape [1, 2, 2, 4], wanted [batch, height, width, 4] with height >= 4',
    );
    expect(
      (await ganError(() => basicCritic(16, 3, {nFeatures: 2}).forward(tf.zeros([1, 16, 16, 1])))).message,
    ).to.include('Conv2d(3, 2, 4) (at 0.0)');
  });
});

describe('basicGenerator', () => {
  withDevice();

  it('(64, 3) has the layers and the 3 576 704 parameters of fastai', async () => {
    const net = basicGenerator(64, 3);
    expect(net.parameterCount()).to.equal(3_576_704);
    expect(await shapes(net)).to.deep.equal([
      '1.0.weight [100,512,4,4]',
      ...norm('1.1', 512),
      '2.0.weight [512,256,4,4]',
      ...norm('2.1', 256),
      '3.0.weight [256,128,4,4]',
      ...norm('3.1', 128),
      '4.0.weight [128,64,4,4]',
      ...norm('4.1', 64),
      '5.weight [64,3,4,4]',
    ]);
  });

  it('with an extra layer has 3 613 696, the new one at index 5', async () => {
    const net = basicGenerator(64, 3, {nExtraLayers: 1});
    expect(net.parameterCount()).to.equal(3_613_696);
    expect((await shapes(net)).slice(-7)).to.deep.equal([
      '5.0.weight [64,64,3,3]',
      ...norm('5.1', 64),
      '6.weight [64,3,4,4]',
    ]);
  });

  for (const side of [8, 16, 32]) {
    it(`draws images of side ${side} with values in [-1, 1]`, () => {
      const y = basicGenerator(side, 2, {inSize: 5, nFeatures: 2}).forward(random([3, 5], 1, 10));
      expect(y.shape).to.deep.equal([3, side, side, 2]);
      expect(tf.max(tf.abs(y)).dataSync()[0]).to.be.within(0.001, 1);
    });
  }

  it('rounds half of an odd number of features down, as fastai does', () => {
    // 5 // 2 * 2
    expect(basicGenerator(8, 1, {inSize: 3, nFeatures: 5}).parameters()[0]!.shape).to.deep.equal([4, 4, 4, 3]);
  });

  it('refuses latents of another length, and too few features', async () => {
    expect(
      (await ganError(() => basicGenerator(8, 1, {inSize: 5, nFeatures: 2}).forward(tf.zeros([3, 6])))).message,
    ).to.equal(
      'ConvTranspose2d(5, 2, 4) (at 1.0): got a tensor of shape [3, 1, 1, 6], wanted [batch, height, width, 5]',
    );
    expect(await ganError(() => basicGenerator(8, 1, {nFeatures: 1}))).to.include({code: 'GAN_ARGUMENT'});
  });
});

describe('sides that cannot be halved down to 4', () => {
  withDevice();
  for (const size of [24, 40, 48, 4, 0, -8, 8.5, NaN]) {
    it(`${size} is refused by both basic networks, with a side that works`, async () => {
      for (const make of [basicCritic, basicGenerator]) {
        const error = await ganError(() => make(size, 3, {nFeatures: 2}));
        expect(error).to.include({code: 'GAN_SIZE', kind: 'usage'});
        expect(error.message).to.include(make.name).and.include(`side of ${size}`);
        expect(error.suggestions[0]).to.match(/^use (8|16|32|64)$/);
      }
    });
  }
});

describe('ganCritic', () => {
  withDevice();

  it('() has the layers and the 44 705 665 parameters of fastai', async () => {
    const net = ganCritic();
    expect(net.parameterCount()).to.equal(44_705_665);
    const attention = (name: string, out: number): string[] => spectral(`4.2.${name}.0`, [out, 512, 1], 512, false);
    const names = [
      ...spectral('0.0', [128, 3, 4, 4], 48),
      ...spectral('2.layers.0.0', [128, 128, 3, 3], 1152),
      ...spectral('2.layers.1.0', [128, 128, 3, 3], 1152),
      ...spectral('4.0', [512, 256, 4, 4], 4096),
      '4.2.gamma [1]',
      ...attention('query', 64),
      ...attention('key', 64),
      ...attention('value', 512),
      ...spectral('6.0', [1024, 512, 4, 4], 8192),
      ...spectral('8.0', [2048, 1024, 4, 4], 16384),
      ...spectral('9.0', [1, 2048, 4, 4], 32768, false),
    ];
    expect(await shapes(net)).to.deep.equal(names);
  });

  const small = (side: number): number[] =>
    ganCritic({nChannels: 1, nf: 4, nBlocks: 1}).forward(random([2, side, side, 1], 1)).shape;

  it('gives one score at side 2^(nBlocks + 3), and one for each position of a larger image', () => {
    expect(small(16)).to.deep.equal([2, 1]);
    expect(small(32)).to.deep.equal([2, 25]);
  });

  it('has half of p in its first dropout, and attention in its first block only', () => {
    const modules = ganCritic({nChannels: 1, nf: 4, nBlocks: 2, p: 0.2}).namedModules();
    expect(
      modules
        .filter(([, module]) => module.kind === 'Dropout2d')
        .map(([name, module]) => [name, (module as Module & {p: number}).p]),
    ).to.deep.equal([
      ['1', 0.1],
      ['3', 0.2],
      ['5', 0.2],
    ]);
    expect(modules.filter(([, module]) => module.kind === 'SelfAttention').map(([name]) => name)).to.deep.equal([
      '4.2',
    ]);
  });

  it('refuses a smaller image', async () => {
    expect(await ganError(() => small(8))).to.include({code: 'GAN_SHAPE'});
  });
});

describe('GANModule', () => {
  withDevice();

  it('runs the critic, after switch the generator, after another the critic again', () => {
    const [generator, critic] = [basicGenerator(64, 3), basicCritic(64, 3)];
    const module = new GANModule(generator, critic);
    const image = tf.randomNormal([2, 64, 64, 3]);
    const noise = tf.randomNormal([2, 100]);
    expect(module.forward(image).shape).to.deep.equal([2, 1]);
    module.switch();
    expect(module.forward(noise).shape).to.deep.equal(image.shape);
    module.switch();
    expect(module.forward(image).shape).to.deep.equal([2, 1]);
  });

  it('switches to the mode it is told', () => {
    const module = new GANModule(undefined, undefined, true);
    expect(module.genMode).to.equal(true);
    module.switch(true);
    expect(module.genMode).to.equal(true);
    module.switch(false);
    expect(module.genMode).to.equal(false);
    module.switch();
    expect(module.genMode).to.equal(true);
  });

  it('names its networks generator and critic, and only those it has', () => {
    const names = (module: Module): string[] => module.children().map(([name]) => name);
    expect(names(new GANModule(basicGenerator(8, 1, {nFeatures: 2}), basicCritic(8, 1, {nFeatures: 2})))).to.deep.equal(
      ['generator', 'critic'],
    );
    expect(names(new GANModule(undefined, basicCritic(8, 1, {nFeatures: 2})))).to.deep.equal(['critic']);
  });

  it('says in which network a tensor did not fit, and which network is missing', async () => {
    const module = new GANModule(undefined, basicCritic(8, 1, {nFeatures: 2}));
    expect((await ganError(() => module.forward(tf.zeros([1, 8, 8, 2])))).message).to.include('(at critic.0.0)');
    module.switch();
    expect((await ganError(() => module.forward(tf.zeros([1, 4])))).message).to.equal(
      'this GANModule has no generator',
    );
  });
});
