/**
 * Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md), as
 * Parquet has it: nothing is taken on trust. A list has no more elements than there are bytes left.
 */

export type Thrift = number | boolean | Uint8Array | Thrift[] | Struct;
/** Values by the numbers of their fields. */
export type Struct = Map<number, Thrift>;

/** Depth and number of things in one message; Parquet's own are below 10, and some thousands. */
const [mostDepth, mostThings] = [32, 1_000_000];

export class ThriftReader {
  #things = 0;

  constructor(
    readonly bytes: Uint8Array,
    /** Where it reads. */
    public at = 0,
  ) {}

  /** @throws RangeError for what is cut short or has no measure; Error for what is no message */
  struct(depth = 0): Struct {
    const fields: Struct = new Map();
    for (let id = 0; ;) {
      const head = this.#byte();
      const type = head & 15;
      if (type === 0) return fields;
      const step = head >> 4;
      id = step > 0 ? id + step : this.#integer();
      fields.set(id, type === 1 ? true : type === 2 ? false : this.#value(type, depth));
    }
  }

  #value(type: number, depth: number): Thrift {
    if (depth > mostDepth || ++this.#things > mostThings) throw new RangeError('it has too many things in each other');
    if (type === 1 || type === 2) return this.#byte() === 1;
    if (type === 3) return (this.#byte() << 24) >> 24;
    if (type >= 4 && type <= 6) return this.#integer();
    if (type === 7) return new DataView(this.#take(8).slice().buffer).getFloat64(0, true);
    if (type === 8) return this.#take(this.#unsigned());
    if (type === 9 || type === 10) return this.#list(depth);
    if (type === 12) return this.struct(depth + 1);
    throw new Error(`it has a value of type ${type}`);
  }

  #list(depth: number): Thrift[] {
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.#unsigned() : head >> 4;
    if (size > this.bytes.length - this.at) throw new RangeError(`it has a list of ${size} values, and fewer bytes`);
    const values: Thrift[] = [];
    for (let i = 0; i < size; i++) values.push(this.#value(head & 15, depth + 1));
    return values;
  }

  #byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError('it ends too early');
    return byte;
  }

  #take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw new RangeError(`it says that it has ${length} bytes more`);
    return this.bytes.subarray(this.at, (this.at += length));
  }

  #unsigned(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new RangeError('it has a number without end');
  }

  /** As zigzag; those beyond 2 ** 53, which no size is, lose digits. */
  #integer(): number {
    const value = this.#unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
