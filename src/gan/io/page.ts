/** Whether a file is a page for a browser, which servers send in place of what they do not have, too. */
export const isPage = (bytes: Buffer): boolean =>
  /^\s*<(!doctype html|html|\?xml)/i.test(bytes.toString('latin1', 0, 256));
