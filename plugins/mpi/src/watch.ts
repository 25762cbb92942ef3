import type {Calls, Request} from './calls.js';
import type {Failure} from 'gankit/plugin';
import type {Process} from './control.js';
import type {Handle} from './families.js';

/** Milliseconds between signs of life. */
const everyMs = 1000;
/** Of a message; longer texts are cut. */
const messageBytes = 2048;
/** Between two looks at the processes of this machine. Who is missing has a second one, for its last word. */
const lookMs = 200;
/** Between two looks for messages: rank 0 has one under way from each of the others. */
const mailMs = 5;

type Message = {kind: 'alive'; note?: string} | {kind: 'bye'} | {kind: 'failed'; failure: Failure};

/** What is known of a rank that messages are exchanged with. */
interface Peer {
  rank: number;
  inbox: Uint8Array;
  receiving: Request | undefined;
  sending: Request | undefined;
  /** To be sent after what is being sent. */
  queued: Message[];
  heardAt: number;
  saidBye: boolean;
  /** What it said of itself last. */
  note: string;
  /** Whether its process was not there at the last look. */
  wasMissed: boolean;
}

/**
 * Signs of life (heartbeats) between ranks, and the news that one has failed, on a communicator of its own. Rank 0 is
 * in the middle: it exchanges messages with everybody, the others with it. So a rank that is stopped, swapped out or
 * cut off is found, which blocks a collective call without an error. One that was killed is found sooner, where it ran
 * on the same machine.
 */
export class Watch {
  readonly #calls: Calls;
  readonly #comm: Handle;
  readonly #rank: number;
  readonly #silenceMs: number;
  readonly #failed: (failure: Failure) => void;
  readonly #peers: Peer[];
  readonly #note: () => string;
  #processes: readonly Process[] = [];
  #noted = '';
  #sentAt = -Infinity;
  #lookedAt = -Infinity;
  #tickedAt: number | undefined;
  #failure: Failure | undefined;
  #closing = false;

  /**
   * @param failed is told of the first failure of another rank
   * @param about.note what the others are to tell of this rank, should it be lost
   */
  constructor(
    calls: Calls,
    about: {comm: Handle; rank: number; size: number; silenceMs: number; note(): string},
    failed: (failure: Failure) => void,
  ) {
    const {comm, rank, size, silenceMs} = about;
    this.#note = () => about.note();
    this.#calls = calls;
    this.#comm = comm;
    this.#rank = rank;
    this.#silenceMs = silenceMs;
    this.#failed = failed;
    const others = rank === 0 ? Array.from({length: size - 1}, (_, i) => i + 1) : [0];
    this.#peers = others.map((other) => ({
      rank: other,
      inbox: new Uint8Array(messageBytes),
      receiving: undefined,
      sending: undefined,
      queued: [],
      heardAt: performance.now(),
      saidBye: false,
      note: '',
      wasMissed: false,
    }));
    for (const peer of this.#peers) this.#receive(peer);
  }

  set processes(processes: readonly Process[]) {
    this.#processes = processes;
  }

  /** To be called more often than signs of life come. */
  tick(now = performance.now()): void {
    if (this.#tickedAt !== undefined && now - this.#tickedAt < mailMs) return;
    // who was stopped itself knows nothing of the others
    if (this.#tickedAt !== undefined && now - this.#tickedAt > this.#silenceMs / 2)
      for (const peer of this.#peers) peer.heardAt = now;
    this.#tickedAt = now;
    const isDue = !this.#closing && now - this.#sentAt >= everyMs;
    if (isDue) this.#sentAt = now;
    const alive = isDue ? this.#alive() : undefined;
    const isTimeToLook = now - this.#lookedAt >= lookMs;
    if (isTimeToLook) this.#lookedAt = now;
    for (const peer of this.#peers) {
      if (peer.receiving && this.#calls.test(peer.receiving)) this.#read(peer, now);
      if (alive && peer.queued.length === 0) peer.queued.push(alive);
      this.#send(peer);
      if (peer.saidBye || this.#failure) continue;
      const silent = now - peer.heardAt;
      if (silent > this.#silenceMs)
        this.#lose(
          peer,
          `has not answered for ${Math.round(silent / 1000)} s: it is stopped or dead, or its machine or network is`,
        );
      else if (isTimeToLook && this.#hasGone(peer))
        this.#lose(peer, 'has ended without a word: it was killed, or has crashed');
    }
  }

  /** What changed in the note goes with the sign of life. */
  #alive(): Message {
    const note = this.#note();
    if (note === this.#noted) return {kind: 'alive'};
    this.#noted = note;
    return {kind: 'alive', note};
  }

  /** Whether the process of a rank on this machine is missing, twice. */
  #hasGone(peer: Peer): boolean {
    const [own, other] = [this.#processes[this.#rank], this.#processes[peer.rank]];
    if (own?.machine === undefined || own.machine !== other?.machine) return false;
    if (peer.wasMissed) return true;
    peer.wasMissed = !isThere(other.pid);
    return false;
  }

  /** Tells the others why this rank cannot go on. */
  fail(failure: Failure): void {
    this.#tell(failure);
  }

  /** Says that this rank is done. */
  close(): void {
    this.#closing = true;
    for (const peer of this.#peers) peer.queued.push({kind: 'bye'});
  }

  /** Whether all that was to be said has been said. */
  get isSilent(): boolean {
    return this.#peers.every(({sending, queued}) => !sending && queued.length === 0);
  }

  /** Whether nothing more is to come or to go. */
  get isOver(): boolean {
    return this.isSilent && this.#peers.every(({saidBye}) => saidBye);
  }

  #lose(peer: Peer, message: string): void {
    const host = this.#processes[peer.rank]?.host ?? 'an unknown host';
    const said = peer.note === '' ? '' : `. ${peer.note}`;
    const failure: Failure = {rank: peer.rank, host, code: 'GAN_RANK_LOST', message: message + said};
    this.#tell(failure, peer.rank);
    this.#failed(failure);
  }

  /** Says it to all but one. */
  #tell(failure: Failure, except?: number): void {
    this.#failure ??= failure;
    for (const peer of this.#peers) if (peer.rank !== except) peer.queued.push({kind: 'failed', failure});
  }

  #read(peer: Peer, now: number): void {
    peer.receiving = undefined;
    peer.heardAt = now;
    const end = peer.inbox.indexOf(0);
    const message = JSON.parse(Buffer.from(peer.inbox.subarray(0, end)).toString()) as Message;
    if (message.kind === 'bye') {
      peer.saidBye = true;
      return;
    }
    if (message.kind === 'alive') peer.note = message.note ?? peer.note;
    if (message.kind === 'failed' && !this.#failure) {
      if (this.#rank === 0) this.#tell(message.failure, peer.rank);
      this.#failure ??= message.failure;
      this.#failed(message.failure);
    }
    this.#receive(peer);
  }

  #receive(peer: Peer): void {
    peer.receiving = this.#calls.receive(peer.inbox, peer.rank, this.#comm);
  }

  #send(peer: Peer): void {
    if (peer.sending && this.#calls.test(peer.sending)) peer.sending = undefined;
    const next = peer.sending ? undefined : peer.queued.shift();
    if (next) peer.sending = this.#calls.send(textOf(next), peer.rank, this.#comm);
  }
}

/** JSON that ends with a zero, in a message's length. */
function textOf(message: Message): Uint8Array {
  const text = Buffer.from(JSON.stringify(message));
  if (text.length >= messageBytes) return textOf(shorter(message));
  const bytes = new Uint8Array(messageBytes);
  bytes.set(text);
  return bytes;
}

const shorter = (message: Message): Message => {
  if (message.kind !== 'failed') return {kind: 'alive', note: halfOf('note' in message ? (message.note ?? '') : '')};
  const {suggestions: _, ...failure} = message.failure;
  return {kind: 'failed', failure: {...failure, message: halfOf(failure.message)}};
};

const halfOf = (text: string): string => text.slice(0, Math.floor(text.length / 2));

/** Whether a process of this machine runs, or is somebody else's. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
