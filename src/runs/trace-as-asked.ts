import path from 'node:path';

/**
 * Begins the trace that GAN_TRACE names a file for; of several ranks each has a file of its own (`trace.json`,
 * `trace.1.json`).
 * @returns a function that ends it and writes the file
 */
export async function traceAsAsked(rank = 0, env = process.env): Promise<() => void> {
  const file = env['GAN_TRACE'];
  if (file === undefined || file === '') return () => {};
  const {dir, name, ext} = path.parse(file);
  const {startTrace} = await import('../backends/trace.js');
  return startTrace(rank === 0 ? file : path.join(dir, `${name}.${rank}${ext}`), rank);
}
