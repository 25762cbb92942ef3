/** Signs of life between ranks, on messages that are delivered at once. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {expect} from 'chai';
import type {Failure} from 'gankit/plugin';
import type {Calls, Request} from '../../../plugins/mpi/src/calls.js';
import {Watch} from '../../../plugins/mpi/src/watch.js';

/** Ranks that exchange messages by mailboxes. */
class Mail {
  readonly #sent = new Map<string, Uint8Array[]>();

  callsOf(rank: number): Calls {
    const boxOf = (from: number, to: number): Uint8Array[] => {
      const key = `${from} to ${to}`;
      if (!this.#sent.has(key)) this.#sent.set(key, []);
      return this.#sent.get(key)!;
    };
    return {
      send: (bytes: Uint8Array, to: number): Request => {
        boxOf(rank, to).push(bytes.slice());
        return {} as Request;
      },
      receive: (bytes: Uint8Array, from: number) => ({held: [bytes, boxOf(from, rank)]}),
      test({held}: Request): boolean {
        if (held === undefined) return true;
        const [bytes, box] = held as [Uint8Array, Uint8Array[]];
        const next = box.shift();
        if (next) bytes.set(next);
        return next !== undefined;
      },
    } as unknown as Calls;
  }
}

interface Rank {
  watch: Watch;
  failures: Failure[];
  note: string;
}

function start(size: number, pids: readonly (number | undefined)[] = []): Rank[] {
  const mail = new Mail();
  return Array.from({length: size}, (_, rank) => {
    const failures: Failure[] = [];
    const one: Rank = {note: '', failures, watch: undefined as unknown as Watch};
    const about = {comm: 1, rank, size, silenceMs: 5000, note: () => one.note};
    one.watch = new Watch(mail.callsOf(rank), about, (failure) => failures.push(failure));
    one.watch.processes = Array.from({length: size}, (_unused, i) => ({
      host: `node${i + 1}`,
      pid: pids[i] ?? process.pid,
      ...(pids[i] !== undefined && {machine: 'this one'}),
    }));
    return one;
  });
}

describe('signs of life between ranks', () => {
  /** Lets some ranks go on for some seconds. */
  const goOn = (ranks: readonly Rank[], from: number, seconds: number): number => {
    const to = from + 1000 * seconds;
    for (let now = from; now < to; now += 100) for (const {watch} of ranks) watch.tick(now);
    return to;
  };

  it('name a rank that falls silent, with its machine and what it said last, to all', () => {
    const ranks = start(3);
    let now = goOn(ranks, performance.now(), 2);
    ranks[2]!.note = 'It was at step 120. The last that it printed: "odd" | ünder';
    now = goOn(ranks, now, 2);
    now = goOn(ranks.slice(0, 2), now, 4);
    expect(ranks.flatMap(({failures}) => failures)).to.deep.equal([]);
    goOn(ranks.slice(0, 2), now, 3);
    for (const {failures} of ranks.slice(0, 2)) {
      expect(failures).to.have.length(1);
      expect(failures[0]).to.deep.include({rank: 2, host: 'node3', code: 'GAN_RANK_LOST'});
      expect(failures[0]!.message)
        .to.match(/^has not answered for 5 s/)
        .and.contain('. It was at step 120. The last that it printed: "odd" | ünder');
    }
  });

  it('name a rank whose process on this machine has gone, much sooner', async () => {
    const child = spawn('sleep', ['60']);
    const ranks = start(2, [process.pid, child.pid!]);
    let now = goOn(ranks, performance.now(), 1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    now = goOn(ranks.slice(0, 1), now, 1);
    expect(ranks[0]!.failures[0]).to.deep.include({rank: 1, host: 'node2', code: 'GAN_RANK_LOST'});
    expect(ranks[0]!.failures[0]!.message).to.match(/^has ended without a word/);
    goOn(ranks.slice(0, 1), now, 10);
    expect(ranks[0]!.failures).to.have.length(1);
  });

  it('do not miss a rank that has said goodbye', () => {
    const ranks = start(2);
    let now = goOn(ranks, performance.now(), 1);
    ranks[1]!.watch.close();
    now = goOn(ranks, now, 1);
    goOn(ranks.slice(0, 1), now, 20);
    expect(ranks[0]!.failures).to.deep.equal([]);
  });

  it('carry notes that are too long in part, and bad news as well', () => {
    const ranks = start(2);
    ranks[1]!.note = '"'.repeat(5000);
    const now = goOn(ranks, performance.now(), 2);
    ranks[1]!.watch.fail({rank: 1, host: 'node2', message: 'x'.repeat(5000), suggestions: ['y']});
    goOn(ranks, now, 1);
    expect(ranks[0]!.failures[0]!.message).to.match(/^x{100,}$/);
  });
});
