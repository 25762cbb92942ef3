/** An answer that is no success: the status and one sentence. */
export class Refused extends Error {
  readonly status: 400 | 404 | 409 | 413 | 415 | 500 | 503;

  constructor(status: Refused['status'], message: string) {
    super(message);
    this.status = status;
  }
}
