import {expect} from 'chai';
import fc from 'fast-check';
import path from 'node:path';
import {dataName, dataSource, parseData} from '../../dist/config/data.js';

describe('dataName', () => {
  const cases = [
    ['builtin:shapes', 'shapes'],
    ['/home/me/My Photos (2)', 'my-photos-2'],
    ['/x/.hidden', 'hidden'],
    ['/', 'data'],
    ['/x/été', 't'],
  ];
  for (const [data, name] of cases) it(`of ${data} is ${name}`, () => expect(dataName(data!)).to.equal(name));

  it('of a path of Windows is that of its folder', () => {
    expect(dataName('C:\\Users\\Me\\My Photos', path.win32)).to.equal('my-photos');
    expect(dataName('C:photos', path.win32)).to.equal('photos');
    expect(dataName('D:/photos.zip', path.win32)).to.equal('photos');
    expect(dataName('D:\\', path.win32)).to.equal('data');
    expect(dataName('\\\\server\\share\\faces\\', path.win32)).to.equal('faces');
  });

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

  it('takes the letter of a drive for no source', () => {
    for (const data of ['C:\\photos', 'C:photos', 'b:\\uiltin', 'C:', 'builtin'])
      expect(dataSource(data), data).to.equal(undefined);
    expect(parseData({value: 'C:\\photos', origin: 'DATA'}, '/', false)).to.deep.equal({
      folder: path.resolve('/', 'C:\\photos'),
    });
  });

  it('refuses what is neither a folder nor a file', () => {
    for (const value of ['htp://host/a.zip', 'https:/host/a.zip', 's3:/bucket/a', 'file:///a.zip', 'hf://datasets/a'])
      expect(() => parseData({value, origin: 'DATA'}, '/'), value).to.throw(`${value} is no address of data`);
    for (const value of ['https:/user:password@host/a.zip', 'git+https://user:password@host/a'])
      expect(() => parseData({value, origin: 'DATA'}, '/'), value)
        .to.throw('is no address of data')
        .and.satisfies(({message}: Error) => !message.includes('password'));
    expect(() => parseData({value: '/dev/null', origin: 'DATA'}, '/')).to.throw(
      'This is neither a folder nor a file: /dev/null (from DATA)',
    );
  });
});
