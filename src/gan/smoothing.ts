/**
 * Exponentially weighted average without bias to its start (fastai's AvgSmoothLoss): v <- beta v + (1 - beta) x; v / (1
 * - beta^n).
 */
export class SmoothLoss {
  readonly beta: number;
  #value = 0;
  #count = 0;

  constructor(beta = 0.98) {
    this.beta = beta;
  }

  add(loss: number): void {
    this.#value = this.beta * this.#value + (1 - this.beta) * loss;
    this.#count++;
  }

  /** Undefined before the first loss. */
  get value(): number | undefined {
    return this.#count === 0 ? undefined : this.#value / (1 - this.beta ** this.#count);
  }

  reset(): void {
    this.#value = 0;
    this.#count = 0;
  }

  save(): [number, number] {
    return [this.#value, this.#count];
  }

  load([value, count]: [number, number]): void {
    this.#value = value;
    this.#count = count;
  }
}
