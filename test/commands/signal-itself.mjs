// Sends the process a signal as soon as it says a text on stderr: nothing can come in between, however slow the machine
// is. For `node --import`, with the text and the signal as parameters of the address.
const {searchParams} = new URL(import.meta.url);
const [text, signal] = [searchParams.get('text'), searchParams.get('signal')];
const write = process.stderr.write;
process.stderr.write = function (chunk, ...rest) {
  if (String(chunk).includes(text)) {
    process.stderr.write = write;
    process.kill(process.pid, signal);
  }
  return write.call(this, chunk, ...rest);
};
