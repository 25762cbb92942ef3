import {expect} from 'chai';
import {passed, strain, worst, type CaseResult} from 'gankit/testing';
import {compareArrays, compareSeries} from '../../dist/testing/golden/compare.js';
import {buildNetwork} from '../../dist/testing/golden/python-call.js';
import {withDevice} from '../device.js';
import {ganError} from '../gan/helpers.js';

describe('deviations', () => {
  it('of an array are relative to its largest recorded value', () => {
    expect(compareArrays('x', [1, 2.5, -10], [1, 2, -10], 0.1)).to.deep.equal({what: 'x', value: 0.05, bound: 0.1});
  });

  it('of an array of zeros are relative to the floor', () => {
    expect(compareArrays('x', [0, 1e-7], [0, 0], 1e-4, 1e-6).value).to.be.closeTo(0.1, 1e-9);
  });

  it('of a series are relative to each value by itself', () => {
    expect(compareSeries('x', [1, 1000], [2, 1000], 0.1, 1e-6).value).to.equal(0.5);
    expect(compareSeries('x', [1e-8], [0], 0.1, 1e-6).value).to.be.closeTo(0.01, 1e-9);
  });

  it('are infinite for another length and for NaN, unless NaN was recorded', () => {
    expect(compareArrays('x', [1], [1, 2], 1).value).to.equal(Infinity);
    expect(compareArrays('x', [NaN, 1], [1, 1], 1).value).to.equal(Infinity);
    expect(compareSeries('x', [1], [], 1, 1).value).to.equal(Infinity);
    expect(compareSeries('x', [NaN], [1], 1, 1).value).to.equal(Infinity);
    expect(compareSeries('x', [1], [NaN], 1, 1).value).to.equal(Infinity);
    expect(compareSeries('x', [NaN], [NaN], 1, 1).value).to.equal(0);
  });

  it('fail a case above their bounds; so does a fact that differs', () => {
    const result = (value: number, mismatches: string[] = []): CaseResult => ({
      name: 'case',
      deviations: [
        {what: 'a', value: 0.5, bound: 1},
        {what: 'b', value, bound: 2},
      ],
      mismatches,
    });
    expect(passed(result(2))).to.equal(true);
    expect(passed(result(2.1))).to.equal(false);
    expect(passed(result(NaN))).to.equal(false);
    expect(passed(result(0, ['mode']))).to.equal(false);
    expect(worst(result(1.5))!.what).to.equal('b');
    expect(worst(result(0.1))!.what).to.equal('a');
    expect(strain(worst(result(3))!)).to.equal(1.5);
    expect(worst({name: 'none', deviations: [], mismatches: []})).to.equal(undefined);
  });
});

describe('networks by their Python calls', () => {
  withDevice();

  it('are built with the arguments of the call', () => {
    const shapes = (text: string): string[] =>
      buildNetwork(text)
        .parameters()
        .map(({shape}) => shape.join());
    expect(shapes('basic_critic(8, 2, n_features=4)')[0]).to.equal('4,4,2,4');
    expect(shapes('basic_generator(8,1,in_sz=5,n_features=4,n_extra_layers=1)')[0]).to.equal('4,4,4,5');
    expect(shapes('gan_critic(n_channels=1, nf=4, n_blocks=1)')).to.include('4,4,1,4');
    const kinds = buildNetwork('basic_critic(16,1,n_features=2,norm_type=NormType.Instance,act_cls=LeakyReLU(0.3))')
      .modules()
      .map(({kind}) => kind);
    expect(kinds).to.include('InstanceNorm').and.include('LeakyReLU').and.not.include('ReLU');
    expect(
      buildNetwork('basic_critic(16,1,n_features=2,norm_type=None,act_cls=None)')
        .modules()
        .map(({kind}) => kind),
    ).to.not.include.any.members(['BatchNorm', 'ReLU']);
  });

  it('take arguments by position or by name, and have the defaults of fastai without them', () => {
    const names = (text: string): string => {
      const net = buildNetwork(text);
      const p = net.modules().flatMap((module) => ('p' in module ? [`p=${String(module.p)}`] : []));
      return [...net.parameters().map(({shape}) => shape.join()), ...p].join(' ');
    };
    expect(names('basic_critic(16,1,4,1,NormType.Instance)')).to.equal(
      names('basic_critic(n_channels=1,in_size=16,norm_type=NormType.Instance,n_extra_layers=1,n_features=4)'),
    );
    expect(names('basic_generator(8,1,5,4)')).to.equal(names('basic_generator(8,1,in_sz=5,n_features=4)'));
    expect(names('basic_critic(16,1,4,bias=True)')).to.not.equal(names('basic_critic(16,1,4)'));
    expect(names('gan_critic(1,4,1)')).to.match(/ p=0\.075 p=0\.15$/);
    expect(names('gan_critic(1,4,1,0.5)')).to.match(/ p=0\.25 p=0\.5$/);
    expect(names('basic_critic(8,1)')).to.include('4,4,1,64');
  });

  for (const [text, problem] of [
    ['resnet34()', `unknown network 'resnet34'`],
    ['basic_critic', 'is not a call of a network'],
    ['basic_critic(8)', `needs 'n_channels'`],
    ['basic_critic(8,1,act_cls=Swish)', `unknown activation 'Swish'`],
    ['basic_critic(8,1,act_cls=ReLU(0.2))', 'only LeakyReLU has a slope'],
    ['basic_critic(8,1,norm_type=NormType.Layer)', `unknown norm 'NormType.Layer'`],
    ['basic_critic(8,1,leaky=0.2)', `unknown argument 'leaky'`],
    ['basic_critic(8,1,n_features=many)', `'n_features' is many, wanted a number`],
    ['basic_critic(8,1,bias=1)', `'bias' is 1, wanted True or False`],
    ['gan_critic(3,8,2,0,True)', 'takes 4 arguments without a name'],
    ['gan_critic(3,n_channels=1)', `'n_channels' is given twice`],
  ] as const) {
    it(`are refused for ${text}`, async () => {
      const error = await ganError(() => buildNetwork(text, 'a.json, build'));
      expect(error).to.include({code: 'GAN_GOLDEN', kind: 'data'});
      expect(error.message).to.match(/^a\.json, build: /);
      expect(error.message).to.include(problem);
    });
  }
});
