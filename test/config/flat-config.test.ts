import {expect} from 'chai';
import {flatConfig} from '../../dist/options/flat-config.js';

describe('the values of a configuration', () => {
  const flat = (config: object): [string, unknown][] => [...flatConfig(config)];

  it('have the keys that --set takes, in the order of the configuration', () => {
    const config = {
      arch: {name: 'basic', options: {nFeatures: 64}},
      lr: 2e-4,
      augment: [
        {name: 'flip', options: {p: 0.5}},
        {name: 'colour', options: {}},
      ],
      metrics: [],
      source: {count: 100},
    };
    expect(flat(config)).to.deep.equal([
      ['arch', 'basic'],
      ['arch.nFeatures', 64],
      ['lr', 2e-4],
      ['augment', 'flip,colour'],
      ['augment.flip.p', 0.5],
      ['metrics', 'none'],
      ['source.count', 100],
    ]);
  });

  it('are also those of parts by name', () => {
    const schedules = {'critic.lr': {name: 'cosine', options: {end: 0}}};
    expect([...flatConfig({schedules})]).to.deep.equal([
      ['schedules.critic.lr', 'cosine'],
      ['schedules.critic.lr.end', 0],
    ]);
  });

  it('are those that a damaged file still has', () => {
    expect(flat({arch: {name: 7, options: {}}, augment: ['flip', null, 3], loss: null, source: null})).to.deep.equal([
      ['arch.name', 7],
      ['arch.options', {}],
      ['augment', 'none'],
      ['loss', null],
      ['source', null],
    ]);
  });
});
