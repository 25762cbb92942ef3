/** Tells, with GAN_DEBUG=capture, what is recorded and why something is not. */
export function debug(message: string): void {
  if ((process.env['GAN_DEBUG'] ?? '').split(',').includes('capture')) process.stderr.write(`capture: ${message}\n`);
}
