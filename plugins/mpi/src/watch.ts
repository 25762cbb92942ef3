import type {Calls, Request} from './calls.js';
import type {Failure} from './control.js';
import type {Handle} from './families.js';

/** Milliseconds between signs of life. */
const everyMs = 1000;
/** Of a message; longer texts are cut. */
const messageBytes = 2048;

type Message = {kind: 'alive'} | {kind: 'bye'} | {kind: 'failed'; failure: Failure};

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
}

/**
 * Signs of life (heartbeats) between ranks, and the news that one has failed, on a communicator of its own. Rank 0 is
 * in the middle: it exchanges messages with everybody, the others with it. So a rank that is stopped, swapped out or
 * cut off is found, which blocks a collective call without an error.
 */
export class Watch {
  readonly #calls: Calls;
  readonly #comm: Handle;
  readonly #rank: number;
  readonly #silenceMs: number;
  readonly #failed: (failure: Failure) => void;
  readonly #peers: Peer[];
  hosts: readonly string[] = [];
  #sentAt = -Infinity;
  #tickedAt: number | undefined;
  #failure: Failure | undefined;
  #closing = false;

  /** @param failed is told of the first failure of another rank */
  constructor(
    calls: Calls,
    {comm, rank, size, silenceMs}: {comm: Handle; rank: number; size: number; silenceMs: number},
    failed: (failure: Failure) => void,
  ) {
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
    }));
    for (const peer of this.#peers) this.#receive(peer);
  }

  /** To be called more often than signs of life come. */
  tick(now = performance.now()): void {
    // who was stopped itself knows nothing of the others
    if (this.#tickedAt !== undefined && now - this.#tickedAt > this.#silenceMs / 2)
      for (const peer of this.#peers) peer.heardAt = now;
    this.#tickedAt = now;
    const isDue = !this.#closing && now - this.#sentAt >= everyMs;
    if (isDue) this.#sentAt = now;
    for (const peer of this.#peers) {
      if (peer.receiving && this.#calls.test(peer.receiving)) this.#read(peer, now);
      if (isDue && peer.queued.length === 0) peer.queued.push({kind: 'alive'});
      this.#send(peer);
      const silent = now - peer.heardAt;
      if (silent > this.#silenceMs && !peer.saidBye && !this.#failure) this.#silence(peer, silent);
    }
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

  #silence(peer: Peer, silent: number): void {
    const failure: Failure = {
      rank: peer.rank,
      host: this.hosts[peer.rank] ?? 'an unknown host',
      code: 'GAN_RANK_LOST',
      message: `has not answered for ${Math.round(silent / 1000)} s: it is stopped or dead, or its machine or network is`,
    };
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
  const bytes = new Uint8Array(messageBytes);
  const text = Buffer.from(JSON.stringify(message));
  if (text.length < messageBytes) bytes.set(text);
  else if (message.kind === 'failed') return textOf({kind: 'failed', failure: shorter(message.failure)});
  return bytes;
}

const shorter = ({suggestions: _, ...failure}: Failure): Failure => ({
  ...failure,
  message: failure.message.slice(0, Math.min(400, Math.floor(failure.message.length / 2))),
});
