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

  for (const text of ['resnet34()', 'basic_critic', 'basic_critic(8,1,act_cls=Swish)']) {
    it(`are refused for ${text}`, async () => {
      expect(await ganError(() => buildNetwork(text))).to.include({code: 'GAN_GOLDEN', kind: 'data'});
    });
  }
});
