import {expect} from 'chai';
import fc from 'fast-check';
import {dataName, parseData} from '../../dist/config/data.js';

describe('dataName', () => {
  const cases = [
    ['builtin:shapes', 'shapes'],
    ['/home/me/My Photos (2)', 'my-photos-2'],
    ['/x/.hidden', 'hidden'],
    ['/', 'data'],
    ['/x/été', 't'],
  ];
  for (const [data, name] of cases) it(`of ${data} is ${name}`, () => expect(dataName(data!)).to.equal(name));

  it('can always be part of a folder name', () =>
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(dataName(text)).to.match(/^[a-z0-9_][a-z0-9._-]*$/);
      }),
    ));
});

describe('parseData', () => {
  it('reads the names of built-in data without looking at the disk', () => {
    expect(parseData({value: 'builtin:shapes', origin: 'DATA'}, '/')).to.deep.equal({source: 'shapes'});
  });

  it('refuses what is neither a folder nor a file', () => {
    expect(() => parseData({value: '/dev/null', origin: 'DATA'}, '/')).to.throw(
      'This is neither a folder nor a file: /dev/null (from DATA)',
    );
  });
});
