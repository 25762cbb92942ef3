import {expect} from 'chai';
import {Learner, mse, type Callback} from 'gankit';
import {inOrder} from '../../dist/gan/callback-list.js';
import {withDevice} from '../device.js';
import {ganError, numberLoaders, Scale} from './helpers.js';

const callback = (name: string, runAfter?: string[], runBefore?: string[]): Callback => ({
  name,
  ...(runAfter && {runAfter}),
  ...(runBefore && {runBefore}),
});
const sorted = (...given: Callback[]): string =>
  inOrder(given)
    .map(({name}) => name)
    .join('');

describe('the order of callbacks', () => {
  it('is the one in which they were given, where nothing else is said', () =>
    expect(sorted(callback('c'), callback('a'), callback('b'))).to.equal('cab'));

  it('puts each after those of runAfter and before those of runBefore', () => {
    expect(sorted(callback('a', ['c']), callback('b'), callback('c'))).to.equal('bca');
    expect(sorted(callback('a'), callback('b'), callback('c', [], ['a']))).to.equal('bca');
    expect(sorted(callback('a', ['b']), callback('b', ['c']), callback('c', ['d']), callback('d'))).to.equal('dcba');
  });

  it('moves nothing that need not be moved', () =>
    expect(sorted(callback('a'), callback('b', ['e']), callback('c'), callback('d'), callback('e'))).to.equal('acdeb'));

  it('is the same when a rule is said twice, or of a callback that is not there', () => {
    expect(sorted(callback('a', ['b', 'nobody']), callback('b', [], ['a', 'nothing']))).to.equal('ba');
    expect(sorted(callback('a', ['nobody']), callback('b'))).to.equal('ab');
  });

  it('holds for all callbacks of a name', () =>
    expect(sorted(callback('a', ['n']), callback('n'), callback('b'), callback('n'))).to.equal('nbna'));

  it('satisfies every rule of random callbacks, and finds the cycle where there is one', async () => {
    let state = 1;
    const random = (n: number): number => (state = (state * 48271) % 2147483647) % n;
    let [solved, refused] = [0, 0];
    for (let round = 0; round < 300; round++) {
      const names = Array.from({length: 2 + random(6)}, (_, i) => `n${i}`);
      const some = (): string[] => names.filter(() => random(8) === 0);
      const given = names.map((name) =>
        callback(
          name,
          some().filter((one) => one !== name),
          some().filter((one) => one !== name),
        ),
      );
      const edges = given.flatMap(({name, runAfter, runBefore}) => [
        ...runAfter!.map((one) => [one, name] as const),
        ...runBefore!.map((one) => [name, one] as const),
      ]);
      const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
        edges.some(([a, b]) => a === from && (b === to || (!seen.has(b) && reaches(b, to, seen.add(b)))));
      if (names.some((name) => reaches(name, name))) {
        expect((await ganError(() => inOrder(given))).code).to.equal('GAN_CALLBACK_ORDER');
        refused++;
      } else {
        const order = inOrder(given).map(({name}) => name);
        expect([...order].sort()).to.deep.equal([...names].sort());
        for (const [a, b] of edges) expect(order.indexOf(a), `${a} before ${b}`).to.be.lessThan(order.indexOf(b));
        solved++;
      }
    }
    expect(solved).to.be.greaterThan(50);
    expect(refused).to.be.greaterThan(50);
  });

  it('names the callbacks that contradict each other', async () => {
    const given = [callback('x'), callback('a', ['b']), callback('b', ['c']), callback('c', ['a'])];
    const {message} = await ganError(() => inOrder(given));
    expect(message).to.match(/'a' has to run after 'b' has to run after 'c' has to run after 'a'/);
  });

  describe('of a learner', () => {
    withDevice();

    it('stays as it was when callbacks that contradict each other are added', async () => {
      const learn = new Learner(numberLoaders([[1, 3]]), new Scale(1), mse);
      const before = learn.callbacks.map(({name}) => name);
      expect((await ganError(() => learn.addCbs(callback('a', ['recorder'], ['train-eval'])))).message).to.match(
        /'recorder'|'train-eval'/,
      );
      expect(learn.callbacks.map(({name}) => name)).to.deep.equal(before);
    });
  });
});
