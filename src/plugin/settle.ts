/** Promises of plug-ins that are waited for: how each is told that it will never come. */
const waiting = new Set<() => void>();
let listens = false;

/**
 * What a plug-in promised. When nothing is left in the process that could bring it, it rejects, so that the training
 * can be saved and the plug-in be named.
 */
export function settle<T>(promise: PromiseLike<T>): Promise<T> {
  if (!listens) process.on('beforeExit', giveUpPromises);
  listens = true;
  return new Promise((resolve, reject) => {
    const never = (): void => {
      const error = new Error('its promise is never settled');
      delete error.stack; // nobody threw it
      reject(error);
    };
    waiting.add(never);
    promise.then(
      (value) => {
        waiting.delete(never);
        resolve(value);
      },
      (error: unknown) => {
        waiting.delete(never);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever it rejected with
        reject(error);
      },
    );
  });
}

/** Rejects what never comes. @returns whether anybody waited for it */
export function giveUpPromises(): boolean {
  const all = [...waiting];
  waiting.clear();
  for (const never of all) never();
  return all.length > 0;
}
