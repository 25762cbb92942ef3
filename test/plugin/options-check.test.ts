import {expect} from 'chai';
import fc from 'fast-check';
import {checkOption, checkOptions, type Given} from '../../dist/options/options-check.js';
import {opt, type OptionSpec} from '../../dist/options/options.js';
import {ganError} from './helpers.js';

const given = (value: unknown, origin = '--set'): Given => ({value, origin});
const check = (spec: OptionSpec, value: unknown) => checkOption('x', spec, given(value));

describe('checkOption', () => {
  it('takes a number as it is and as text', () =>
    fc.assert(
      fc.property(fc.double({noNaN: true, noDefaultInfinity: true}), (x) => {
        expect(check(opt.num(0), x)).to.equal(x);
        expect(Object.is(check(opt.num(0), String(x)), x) || x === 0).to.equal(true);
      }),
    ));

  it('takes whole numbers inside the range and no others', () =>
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer(), (value, a, b) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const call = () => check(opt.int(min, {min, max}), String(value));
        if (value >= min && value <= max) expect(call()).to.equal(value);
        else expect(call).to.throw(`from ${min} to ${max}`);
      }),
    ));

  for (const value of [
    '',
    ' ',
    'abc',
    '1.5',
    1.5,
    'Infinity',
    NaN,
    true,
    null,
    {},
    [],
    '9007199254740993',
    undefined,
  ]) {
    it(`refuses ${JSON.stringify(value) ?? 'undefined'} (${typeof value}) as a whole number`, () => {
      expect(() => check(opt.int(1), value)).to.throw('x must be a whole number');
    });
  }

  it('reads booleans and choices from text', () => {
    expect([
      check(opt.bool(false), 'true'),
      check(opt.bool(true), 'false'),
      check(opt.bool(false), true),
    ]).to.deep.equal([true, false, true]);
    expect(check(opt.oneOf(['1', '3'], '1'), 3)).to.equal('3');
    expect(() => check(opt.bool(false), 'yes')).to.throw('true or false');
  });

  it('leaves out an option without default for none and null, and only such a one', () => {
    for (const value of ['none', null]) {
      expect(check(opt.num(undefined), value)).to.equal(undefined);
      expect(() => check(opt.num(1), value)).to.throw('x must be a number');
    }
  });

  it('names the option, the value, the range and where the value came from', async () => {
    const error = await ganError(() =>
      checkOption('lr', opt.num(1, {min: 0, help: 'learning rate'}), given('-1', 'gan.config.json')),
    );
    expect(error).to.include({kind: 'config', code: 'GAN_CONFIG_VALUE'});
    expect(error.message).to.equal("lr must be a number of at least 0; gan.config.json gives '-1'.");
  });

  it('suggests the choice that was probably meant', async () => {
    const error = await ganError(() => check(opt.oneOf(['crop', 'pad', 'squish'], 'crop'), 'sqish'));
    expect(error.suggestions[0]).to.equal("Did you mean 'squish'?");
  });

  it('blames a flag with exit code 2', async () => {
    const error = await ganError(() => checkOption('lr', opt.num(1), {value: 'x', origin: '--lr', blame: 'usage'}));
    expect(error.exitCode).to.equal(2);
  });
});

describe('checkOptions', () => {
  const specs = {nCrit: opt.int(5, {min: 1}), clip: opt.num(undefined)};

  it('fills in defaults and says where the others came from', () => {
    const {values, origins} = checkOptions('', specs, new Map([['nCrit', given(2, 'a file')]]));
    expect(values).to.deep.equal({nCrit: 2, clip: undefined});
    expect(origins).to.deep.equal({nCrit: 'a file'});
  });

  it('refuses unknown keys with the nearest right one, in whatever spelling', async () => {
    for (const key of ['n-crit', 'ncrit', 'nCrti']) {
      const error = await ganError(() =>
        checkOptions('switcher fixed', specs, new Map([[key, given(1)]]), (k) => `switcher.${k}`),
      );
      expect(error).to.include({kind: 'config', code: 'GAN_CONFIG_UNKNOWN_KEY'});
      expect(error.suggestions[0], key).to.equal("Did you mean 'switcher.nCrit'?");
    }
  });

  it('is not fooled by names that every object has', async () => {
    const error = await ganError(() => checkOptions('', specs, new Map([['constructor', given(1)]])));
    expect(error.code).to.equal('GAN_CONFIG_UNKNOWN_KEY');
  });
});
