/**
 * make(from), make(from + 1), ... make(to - 1), in order, with up to `ahead` of them under way while the consumer is
 * busy. When the consumer leaves early, or one of them fails, `cancelled()` turns true and those under way are waited
 * for, so that nothing runs on afterwards.
 */
export async function* readAhead<T>(
  {from, to, ahead}: {from: number; to: number; ahead: number},
  make: (index: number, cancelled: () => boolean) => Promise<T>,
): AsyncGenerator<T, void, undefined> {
  const underWay: Promise<T>[] = [];
  let cancelled = false;
  let next = from;
  const fill = () => {
    while (underWay.length < ahead && next < to) {
      const made = make(next++, () => cancelled);
      made.catch(() => {}); // looked at when its turn comes; until then no unhandled rejection
      underWay.push(made);
    }
  };
  try {
    fill();
    for (let first = underWay.shift(); first; first = underWay.shift()) {
      const value = await first;
      fill();
      yield value;
    }
  } finally {
    cancelled = true;
    await Promise.allSettled(underWay);
  }
}
